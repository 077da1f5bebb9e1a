import { pieces } from "./pieces"

/** A text in which the words that were looked for stand out, cut so that the first of them is seen. */
export function Marked({ text, query }: { text: string; query: string }) {
  return <>{pieces(text, query).map((piece, index) => (piece.hit ? <mark key={index}>{piece.text}</mark> : piece.text))}</>
}
