import { Refusal } from "../api/http"
import { Translate, sentence, translator } from "../i18n/i18n"
import { State, Toast } from "./state"
import { Store } from "./store"

/** Tells the person how it went, in their language. */
export class Telling {
  private toastId = 0

  constructor(private readonly store: Store<State>) {}

  get t(): Translate {
    return translator(this.store.get().language)
  }

  toast(kind: Toast["kind"], text: string): void {
    const toast = { id: ++this.toastId, kind, text }
    this.store.update(({ toasts }) => ({ toasts: [...toasts.slice(-2), toast] }))
    window.setTimeout(() => {
      this.store.update(({ toasts }) => ({ toasts: toasts.filter(({ id }) => id !== toast.id) }))
    }, kind === "error" ? 5000 : 2500)
  }

  /** Does what a person asked for, and says so if it is refused. Answers whether it was done. */
  async attempt(work: () => Promise<unknown>): Promise<boolean> {
    const { session } = this.store.get()
    try {
      await work()
      return true
    } catch (error) {
      // Whose session is over is shown the door, which says enough.
      if (!session || this.store.get().session) this.toast("error", this.explain(error))
      return false
    }
  }

  /** A sentence for whatever went wrong; of several wrong fields, for the first. */
  explain(error: unknown): string {
    if (!(error instanceof Refusal)) return this.t("error.unavailable")
    const field = Object.keys(error.body.fields ?? {})[0]
    return (field && sentence(this.t, `${error.code}.${field}`)) ?? sentence(this.t, error.code) ?? error.message
  }
}
