import { useEffect, useState } from "react"
import { MediaFile } from "../api/contract"

/** The blob URL of a file that is here already, as while it is being sent. */
export function useLocalFile(file: Blob | undefined): string | undefined {
  const [address, setAddress] = useState<string>()
  useEffect(() => {
    if (!file) return undefined
    const made = URL.createObjectURL(file)
    setAddress(made)
    return () => URL.revokeObjectURL(made)
  }, [file])
  return address
}

/** Saves a private file under its name. */
export function saveFile(media: MediaFile): void {
  const link = document.createElement("a")
  link.href = media.url
  link.download = media.name
  link.click()
}
