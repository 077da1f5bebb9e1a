import { useSyncExternalStore } from "react"

/** Holds one immutable value and tells when it is another. */
export class Store<State> {
  private readonly listeners = new Set<() => void>()

  constructor(private state: State) {}

  readonly get = (): State => this.state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  update(change: (state: State) => Partial<State>): void {
    const fields = change(this.state)
    const changed = (Object.keys(fields) as (keyof State)[]).some((name) => fields[name] !== this.state[name])
    if (!changed) return
    this.state = { ...this.state, ...fields }
    for (const listener of [...this.listeners]) listener()
  }
}

/** `select` must return a part of the state as it is; what is derived from it belongs into `useMemo`. */
export function useStore<State, Part>(store: Store<State>, select: (state: State) => Part): Part {
  return useSyncExternalStore(store.subscribe, () => select(store.get()))
}
