import { createContext, useContext, useMemo } from "react"
import { Language, Translate, translator } from "../i18n/i18n"
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

export function useLanguage(): Language {
  return useSelected((state) => state.language)
}

export function useT(): Translate {
  const language = useLanguage()
  return useMemo(() => translator(language), [language])
}
