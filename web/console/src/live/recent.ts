/** A map that keeps what was set last, so that a day's work does not grow in it. */
export class Recent<V> extends Map<string, V> {
  private atMost: number

  constructor(atMost: number) {
    super()
    this.atMost = atMost
  }

  override set(key: string, value: V): this {
    this.delete(key)
    super.set(key, value)
    if (this.size > this.atMost) this.delete(this.keys().next().value!)
    return this
  }
}
