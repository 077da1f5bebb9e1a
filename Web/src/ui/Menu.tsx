import { KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react"
import { Icon, IconName } from "./Icon"

export interface MenuItem {
  icon: IconName
  label: string
  danger?: boolean
  /** The menu is closed by then, unless `stays`. */
  onChoose: () => void
  stays?: boolean
}

/** What may be done with something, at the place where it was asked for; arrows move, Escape closes. */
export function Menu({ label, items, at, onClose }: {
  label: string
  items: readonly MenuItem[]
  at: { x: number; y: number }
  onClose: () => void
}) {
  const element = useRef<HTMLDivElement>(null)
  const [place, setPlace] = useState({ left: at.x, top: at.y })
  useLayoutEffect(() => {
    const box = element.current?.getBoundingClientRect()
    if (!box) return
    setPlace({
      left: Math.max(8, Math.min(at.x, window.innerWidth - box.width - 8)),
      top: Math.max(8, Math.min(at.y, window.innerHeight - box.height - 8)),
    })
  }, [at])
  useEffect(() => {
    const before = document.activeElement
    element.current?.querySelector("button")?.focus()
    const onPointer = (event: PointerEvent) => {
      if (!element.current?.contains(event.target as Node)) onClose()
    }
    document.addEventListener("pointerdown", onPointer)
    return () => {
      document.removeEventListener("pointerdown", onPointer)
      // Whoever chose by keyboard goes on where they were, unless the choice has led elsewhere.
      if (document.activeElement === document.body && before instanceof HTMLElement) before.focus()
    }
  }, [onClose])
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault()
      event.stopPropagation()
      onClose()
    } else if (step) {
      event.preventDefault()
      const buttons = Array.from(element.current?.querySelectorAll("button") ?? [])
      const here = buttons.indexOf(document.activeElement as HTMLButtonElement)
      buttons[(here + step + buttons.length) % buttons.length]?.focus()
    }
  }
  return (
    <div ref={element} className="menu" role="menu" aria-label={label} style={place} onKeyDown={onKeyDown}>
      {items.map((item) => (
        <button key={item.label} type="button" role="menuitem" className={item.danger ? "menu-danger" : undefined}
          onClick={() => {
            if (!item.stays) onClose()
            item.onChoose()
          }}>
          <Icon name={item.icon} size={18} />{item.label}
        </button>
      ))}
    </div>
  )
}
