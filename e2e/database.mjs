// One statement for the private database of a test, without a driver: it listens on a socket only and trusts who may enter.
import { once } from 'node:events'
import { createConnection } from 'node:net'

const message = (type, ...parts) => {
  const body = Buffer.concat(parts)
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(type), size, body])
}
const text = (s) => Buffer.from(`${s}\0`)

/** Runs a statement to its end; what it returns is not read. */
export async function query(socket, statement) {
  const connection = createConnection(socket)
  await once(connection, 'connect')
  try {
    connection.write(message('', Buffer.from([0, 3, 0, 0]), text('user'), text('otklik'), text('database'), text('otklik'), Buffer.from([0])))
    await ready(connection)
    connection.write(message('Q', text(statement)))
    await ready(connection)
  } finally {
    connection.destroy()
  }
}

/** Reads until the server is ready for the next statement; an error is thrown as it says it. */
async function ready(connection) {
  let got = Buffer.alloc(0)
  for await (const part of connection.iterator({ destroyOnReturn: false })) {
    got = Buffer.concat([got, part])
    while (got.length >= 5 && got.length >= 1 + got.readInt32BE(1)) {
      const [type, end] = [String.fromCharCode(got[0]), 1 + got.readInt32BE(1)]
      if (type === 'E') throw new Error(got.subarray(5, end).toString().replaceAll('\0', ' '))
      if (type === 'Z') return
      got = got.subarray(end)
    }
  }
  throw new Error('the database hung up')
}
