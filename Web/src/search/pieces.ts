export interface Piece {
  text: string
  hit: boolean
}

/** How much is shown in front of the first hit. */
const lead = 30

/** A text cut at the words looked for, in whatever case; every character of them is taken as it stands. */
export function pieces(text: string, query: string): Piece[] {
  const words = query.split(/\s+/).filter(Boolean).sort((a, b) => b.length - a.length)
  if (words.length === 0) return [{ text, hit: false }]
  const any = new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "giu")
  const first = text.search(any)
  const cut = first > 2 * lead ? `…${text.slice(first - lead)}` : text
  return cut.split(any).map((piece, index) => ({ text: piece, hit: index % 2 === 1 })).filter((piece) => piece.text !== "")
}
