import { useEffect, useState } from "react"
import { useTeahouse } from "../store/teahouse"

/** A picture if there is one, else initials on a colour that stays the same for the same `id`. */
export function Avatar({ id, name, url, size = "medium", square = false }: {
  id: number
  name: string
  url?: string | null
  size?: "small" | "medium" | "large"
  square?: boolean
}) {
  const address = usePicture(url)
  const classes = `avatar avatar-${size} hue-${id % 8}${square ? " avatar-square" : ""}`
  return (
    <span className={classes} aria-hidden="true">
      {address ? <img src={address} alt="" /> : initials(name)}
    </span>
  )
}

/** One Chinese character or two initials. */
export function initials(name: string): string {
  const words = name.trim().split(/[\s._-]+/).filter(Boolean)
  const first = [...(words[0] ?? "?")][0] ?? "?"
  if (/\p{Script=Han}/u.test(first)) return first
  const second = words.length > 1 ? [...(words[words.length - 1] ?? "")][0] ?? "" : ""
  return (first + second).toUpperCase()
}

function usePicture(url: string | null | undefined): string | undefined {
  const teahouse = useTeahouse()
  const [address, setAddress] = useState<string>()
  useEffect(() => {
    setAddress(undefined)
    if (!url) return undefined
    let current = true
    teahouse.files.get(url).then((found) => current && setAddress(found), () => undefined)
    return () => {
      current = false
    }
  }, [teahouse, url])
  return address
}
