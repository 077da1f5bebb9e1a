/**
 * Private files by address, as blob URLs that `<img>` can show: the bearer token cannot travel with a plain address.
 * Each is fetched once; the oldest are let go when there are many.
 */
export class Shelf {
  private readonly shown = new Map<string, Promise<string>>()

  constructor(private readonly fetch: (url: string) => Promise<Blob>, private readonly limit = 200) {}

  get(url: string): Promise<string> {
    const known = this.shown.get(url)
    if (known) {
      this.shown.delete(url)
      this.shown.set(url, known)
      return known
    }
    const fetched = this.fetch(url).then((blob) => URL.createObjectURL(blob))
    // A failure is not kept: the next look tries again.
    fetched.catch(() => this.shown.delete(url))
    this.shown.set(url, fetched)
    if (this.shown.size > this.limit) this.release(this.shown.keys().next().value as string)
    return fetched
  }

  clear(): void {
    for (const url of [...this.shown.keys()]) this.release(url)
  }

  private release(url: string): void {
    const entry = this.shown.get(url)
    this.shown.delete(url)
    void entry?.then((address) => URL.revokeObjectURL(address)).catch(() => undefined)
  }
}
