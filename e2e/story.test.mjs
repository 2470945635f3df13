// One conversation from the first word to the next session, in three browsers, against a real Otklik with its own data.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { openHouse } from './house.mjs'
import { disorder, Operator, rawKeys, ru, savedFile, text, until, Visitor } from './people.mjs'

const WHOLE = 8 * 60_000
const BACK = 30_000 // a killed API is there again and everybody has caught up

const house = openHouse('story')

test('two operators and a visitor, from the first word to the next session', { timeout: WHOLE }, async (t) => {
  const step = house.steps(t)
  const anna = new Operator(await house.page('anna'), house.url, 'anna@demo.otklik', 'otklik-anna')
  const oleg = new Operator(await house.page('oleg'), house.url, 'oleg@demo.otklik', 'otklik-oleg')
  const visitor = new Visitor(await house.page('visitor'), house.url)
  const said = [] // everything that both sides must show, in order
  let dialogId, winner, loser, projectName, tag

  const exchange = async (from, to, message, within) => {
    await from.say(message)
    said.push(message)
    await to.sees(message, within)
  }
  const whole = (who) =>
    until(`${who.name} shows everything once and in order`, async () => {
      const wrong = disorder(await who.log().innerText(), said)
      if (wrong) throw new Error(wrong)
      return true
    })

  await step('operators sign in (I-03)', async () => {
    await Promise.all([anna.signIn(), oleg.signIn()])
    assert.notEqual(anna.name, oleg.name)
  })

  await step('a visitor opens the widget and writes (I-01, R-024)', async () => {
    await visitor.come()
    const key = await visitor.page.locator('script[data-key]').first().getAttribute('data-key')
    const config = await visitor.page.evaluate((k) => fetch(`/api/v1/widgets/${k}`).then((r) => r.json()), key)
    projectName = config.project_name
    tag = anna.projects.find((p) => p.name === projectName).tags[0].name
    await Promise.all([anna.project(projectName), oleg.project(projectName)])
    const message = 'Есть ли у вас самовар на три литра? № 1'
    await visitor.say(message)
    said.push(message)
    await visitor.sees(message)
  })

  await step('both operators see the row without an operator, without a reload (R-019, I-08)', async () => {
    for (const op of [anna, oleg]) {
      await op.tab('unassigned').click()
      await op.row('№ 1').waitFor()
    }
    dialogId = await anna.row('№ 1').getAttribute('data-row')
    assert.equal(await oleg.row('№ 1').getAttribute('data-row'), dialogId)
  })

  await step('both answer at once: one claim, the other keeps his text with M-09 (R-046, R-047)', async () => {
    await Promise.all([anna.open(dialogId), oleg.open(dialogId)])
    const answers = new Map([[anna, 'Отвечает первая № 2'], [oleg, 'Отвечает второй № 2']])
    for (const [op, answer] of answers) await op.input().fill(answer)
    await Promise.all([anna.input().press('Enter'), oleg.input().press('Enter')])
    const lost = (a, b) => a.window().getByRole('alert').filter({ hasText: ru('claim.lost', { name: b.name }) })
    await until('one of them has lost', async () => {
      if (await lost(oleg, anna).isVisible()) [winner, loser] = [anna, oleg]
      if (await lost(anna, oleg).isVisible()) [winner, loser] = [oleg, anna]
      return winner
    })
    assert.equal(await loser.input().inputValue(), answers.get(loser))
    assert.equal(await loser.button('win.send').getAttribute('aria-disabled'), 'true')
    await house.state(loser.page, 'claim lost')
    await visitor.sees(answers.get(winner))
    said.push(answers.get(winner))
    await winner.sees(answers.get(winner))
    await until('the loser sees who has it', async () => (await loser.log().innerText()).includes(answers.get(winner)))
    for (const who of [visitor, winner, loser]) assert.ok(!(await who.log().innerText()).includes(answers.get(loser)), `${who.name} sees the lost answer`)
    await winner.tab('mine').click()
    await winner.rowOf(dialogId).waitFor()
    await house.state(visitor.page, 'visitor answered')
  })

  await step('a conversation both ways, both see that they are read, markup is only text (R-017, I-08, I-11, D-72)', async () => {
    await exchange(visitor, winner, 'Да, электрический № 3')
    await until('the visitor sees that somebody is typing', async () => {
      await winner.input().pressSequentially('та ', { delay: 100 }) // he keeps typing: it is said every few seconds only
      return (await visitor.log().innerText()).includes(ru('typing', { name: winner.name }))
    })
    await exchange(winner, visitor, 'Такой есть на складе № 4')
    await exchange(winner, visitor, 'Показать его? № 5')
    await winner.sees(ru('msg.read'))
    await house.state(winner.page, 'read')
    await exchange(visitor, winner, 'Покажите, <b>пожалуйста</b> & спасибо № 6')
    await visitor.sees(ru('msg.read'))
    assert.ok(!(await winner.log().innerText()).includes(ru('msg.read')), 'who was answered was read')
    await house.state(visitor.page, 'visitor read')
    await whole(visitor)
    await whole(winner)
  })

  await step('a reload of both sides shows neither gap nor double (I-02, R-045)', async () => {
    await Promise.all([visitor.page.reload(), winner.page.reload()])
    await visitor.openChat()
    await winner.log().waitFor()
    await whole(visitor)
    await whole(winner)
  })

  await step('a visitor without network catches up and sends what he wrote (I-10)', async () => {
    await visitor.page.context().setOffline(true)
    const offline = 'Написано без сети № 7'
    await visitor.say(offline)
    await visitor.sees(ru('msg.failed'), BACK) // it says so, and tries again by itself
    const meanwhile = 'Вы здесь? № 8'
    await winner.say(meanwhile)
    await winner.sees(meanwhile)
    assert.ok(!(await winner.log().innerText()).includes(offline), 'there was a network after all')
    await visitor.page.context().setOffline(false)
    await winner.sees(offline, BACK)
    await visitor.sees(meanwhile, BACK)
    said.push(meanwhile, offline)
    await whole(visitor)
    await whole(winner)
  })

  await step('the API is killed: what both write meanwhile arrives once (I-10)', async () => {
    if (!house.otklik.killServe) return
    house.otklik.killServe()
    const [mine, his] = ['Пока сервера нет, пишет оператор № 9', 'И посетитель тоже № 10']
    await winner.say(mine)
    await winner.sees(mine)
    await visitor.say(his)
    await visitor.sees(mine, BACK)
    await winner.sees(his, BACK)
    await until('both have the same order', async () => {
      const [a, b] = await Promise.all([winner.log().innerText(), visitor.log().innerText()])
      return a.indexOf(mine) < a.indexOf(his) === b.indexOf(mine) < b.indexOf(his)
    })
    const shown = await visitor.log().innerText()
    said.push(...(shown.indexOf(mine) < shown.indexOf(his) ? [mine, his] : [his, mine]))
    await whole(visitor)
    await whole(winner)
    await exchange(visitor, winner, 'Всё дошло № 11')
  })

  await step('a transfer: red and on top at the other one, the visitor sees who came (R-054, R-055, R-057, R-044, R-018)', async () => {
    await loser.tab('all').click()
    await winner.button('win.transfer').click()
    await winner.page.getByRole('option', { name: new RegExp(loser.name) }).first().click()
    await winner.sees(ru('transfer.done', { from: winner.name, to: loser.name }))
    await visitor.sees(ru('operator.joined', { name: loser.name }))
    const row = loser.rowOf(dialogId)
    await until('the row says that it was transferred', async () => (await row.getAttribute('aria-label')).includes(ru('list.transferred')))
    await until('the row is the first', async () => (await row.getAttribute('aria-posinset')) === '1')
    await house.state(loser.page, 'transferred')
    await house.state(winner.page, 'a colleague has it')
    await loser.tab('important').click()
    await row.waitFor()
    await loser.tab('mine').click()
    await loser.open(dialogId)
    await whole(loser)
  })

  await step('who had lost the claim may write now: M-09 is gone, his text is still there (R-047, R-057)', async () => {
    assert.notEqual(await loser.input().inputValue(), '')
    await until('he may send', async () => (await loser.button('win.send').getAttribute('aria-disabled')) !== 'true', 3_000)
    assert.equal(await loser.window().getByRole('alert').count(), 0)
  }, { goOn: true })

  await step('the first answer after a transfer ends the red (R-044)', async () => {
    const row = loser.rowOf(dialogId)
    await loser.input().fill('')
    await exchange(loser, visitor, 'Здравствуйте, теперь вам помогаю я № 12')
    await until('the row is not red any more', async () => !(await row.getAttribute('aria-label')).includes(ru('list.transferred')))
  })

  await step('leaving needs a tag (R-104); each side gets its own end text (R-058, R-059, R-060)', async () => {
    await loser.button('win.leave').click()
    const gate = loser.page.getByRole('dialog', { name: ru('win.leave') })
    await gate.getByText(ru('tag.required')).waitFor()
    const finish = gate.getByRole('button', { name: ru('win.finish') })
    assert.equal(await finish.getAttribute('aria-disabled'), 'true')
    await finish.click({ force: true })
    await exchange(visitor, loser, 'Вы ещё здесь? № 13')
    await gate.getByRole('button', { name: tag, exact: true }).click()
    await finish.click()
    const ends = { [visitor.name]: ru('dialog.ended.visitor'), [winner.name]: ru('dialog.ended.operator', { name: loser.name }) }
    await visitor.sees(ends[visitor.name])
    await winner.sees(ends[winner.name])
    assert.ok(!(await visitor.log().innerText()).includes(ends[winner.name]), 'the visitor sees the text for operators')
    assert.ok(!(await winner.log().innerText()).includes(ends[visitor.name]), 'the operator sees the text for the visitor')
    for (const group of ['mine', 'important', 'unassigned', 'all']) {
      await loser.tab(group).click()
      await loser.rowOf(dialogId).waitFor({ state: 'detached' })
    }
  })

  await step('the visitor rates the dialog (R-061)', async () => {
    const form = visitor.panel().getByRole('form', { name: ru('rate.ask') })
    await house.state(visitor.page, 'visitor rates')
    await form.getByRole('radio', { name: new RegExp(ru('rate.4')) }).check({ force: true })
    await form.getByRole('button', { name: ru('rate.send') }).click()
    await visitor.sees(ru('rate.thanks'))
    await house.state(visitor.page, 'visitor rated')
  })

  await step('the visitor downloads his copy (R-090, R-093)', async () => {
    const download = visitor.page.waitForEvent('download')
    await visitor.panel().getByRole('button', { name: ru('act.download') }).first().click()
    const file = readFileSync(await (await download).path(), 'utf8')
    checkFile(file, [ru('dialog.ended.visitor')], [tag, ru('dialog.ended.operator', { name: loser.name })])
    assert.match((await download).suggestedFilename(), /^dialog_.+\.txt$/)
  })

  await step('the operator downloads his (R-091, R-092)', async () => {
    await winner.page.getByRole('button', { name: ru('act.download') }).click()
    const saved = await savedFile(winner.page)
    checkFile(saved.text, [ru('dialog.ended.operator', { name: loser.name }), ru('txt.tags', { tags: tag })], [ru('dialog.ended.visitor')])
    assert.match(saved.name, /^dialog_.+\.txt$/)
  })

  function checkFile(file, with_, without) {
    assert.ok(file.startsWith('\ufeff'), 'no byte order mark')
    assert.ok(!/[^\r]\n/.test(file), 'a bare line feed')
    assert.equal(disorder(file, said), '')
    for (const s of [...with_, ru('txt.project', { project: projectName })]) assert.ok(file.includes(s), `not in the file: ${s}`)
    for (const s of without) assert.ok(!file.includes(s), `in the file: ${s}`)
  }

  await step('the visitor writes again: a new session without an operator (R-024, R-019)', async () => {
    const again = 'У меня новый вопрос № 14'
    await visitor.say(again)
    said.push(again)
    await visitor.sees(ru('session.new'))
    for (const op of [anna, oleg]) {
      await op.tab('unassigned').click()
      await until(`${op.name} has the row again`, async () => (await op.rowOf(dialogId).getAttribute('aria-label')).includes('№ 14'))
      await op.open(dialogId)
      await op.sees(ru('session.new'))
      await whole(op)
    }
  })

  await step('three languages, no raw key (R-001)', async () => {
    for (const lang of ['en', 'kk', 'ru']) {
      const label = { en: 'EN', kk: 'KZ', ru: 'RU' }[lang]
      await winner.page.getByRole('button', { name: label, exact: true }).click()
      await winner.tab('important', lang).waitFor()
      assert.deepEqual(await rawKeys(winner.page), [], `console, ${lang}`)
      const there = await winner.page.getByRole('button', { name: text(lang, 'act.download') }).count()
      assert.equal(there, 1, `console, ${lang}: the card is not in this language`)
    }
    for (const lang of ['en', 'kk', 'ru']) {
      await visitor.speaks(lang)
      await whole(visitor)
      assert.deepEqual(await rawKeys(visitor.page), [], `widget, ${lang}`)
    }
  })
})
