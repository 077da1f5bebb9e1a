import { useState } from "react"

/** A picture if there is one, else initials on a colour that stays the same for the same `id`. */
export function Avatar({ id, name, url, size = "medium", square = false, online = false }: {
  id: number
  name: string
  url?: string | null
  size?: "small" | "medium" | "large"
  square?: boolean
  /** With a mark that they are there. */
  online?: boolean
}) {
  const [failed, setFailed] = useState<string>()
  const classes = `avatar avatar-${size} hue-${id % 8}${square ? " avatar-square" : ""}`
  const face = (
    <span className={classes} aria-hidden="true">
      {url && url !== failed ? <img src={url} alt="" onError={() => setFailed(url)} /> : initials(name)}
    </span>
  )
  return online ? <span className="avatar-online">{face}</span> : face
}

/** One Chinese character or two initials. */
export function initials(name: string): string {
  const words = name.trim().split(/[\s._-]+/).filter(Boolean)
  const first = [...(words[0] ?? "?")][0] ?? "?"
  if (/\p{Script=Han}/u.test(first)) return first
  const second = words.length > 1 ? [...(words[words.length - 1] ?? "")][0] ?? "" : ""
  return (first + second).toUpperCase()
}
