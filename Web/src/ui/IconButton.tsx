import { MouseEvent } from "react"
import { Icon, IconName } from "./Icon"

/** A button that shows only an icon, and says its name to those who cannot see it. */
export function IconButton({ icon, label, onClick, badge, pressed, className = "", size }: {
  icon: IconName
  label: string
  onClick: (event: MouseEvent) => void
  badge?: number
  pressed?: boolean
  className?: string
  size?: number
}) {
  return (
    <button type="button" className={`icon-button ${className}`} aria-label={label} title={label} aria-pressed={pressed}
      onClick={onClick}>
      <Icon name={icon} size={size} />
      <Badge count={badge} />
    </button>
  )
}

/** `quiet`: of what one does not want to be told. */
export function Badge({ count, quiet = false }: { count?: number; quiet?: boolean }) {
  return count ? <span className={quiet ? "badge badge-quiet" : "badge"}>{count > 99 ? "99+" : count}</span> : null
}
