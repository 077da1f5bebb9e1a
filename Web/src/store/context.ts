import { createContext, useContext } from "react"
import { Language, Translate } from "../i18n/i18n"
import { State } from "./state"
import { useStore } from "./store"
import { Teahouse } from "./teahouse"

const TeahouseContext = createContext<Teahouse | null>(null)
export const TeahouseProvider = TeahouseContext.Provider

export function useTeahouse(): Teahouse {
  const teahouse = useContext(TeahouseContext)
  if (!teahouse) throw new Error("outside of TeahouseProvider")
  return teahouse
}

/** A part of the state, as it is; see `useStore`. */
export function useSelected<Part>(select: (state: State) => Part): Part {
  return useStore(useTeahouse().store, select)
}

/** What the pages speak. By a context, as nearly everything asks for it and it nearly never changes. */
export interface Speech {
  language: Language
  t: Translate
}

const SpeechContext = createContext<Speech>({ language: "en", t: (key) => key })
export const SpeechProvider = SpeechContext.Provider

export function useLanguage(): Language {
  return useContext(SpeechContext).language
}

export function useT(): Translate {
  return useContext(SpeechContext).t
}
