export type Theme = "system" | "light" | "dark"

const key = "teahouse.theme"
const systemIsDark = "(prefers-color-scheme: dark)"

export function preferredTheme(): Theme {
  const chosen = localStorage.getItem(key)
  return chosen === "light" || chosen === "dark" ? chosen : "system"
}

export function keepTheme(theme: Theme): void {
  if (theme === "system") localStorage.removeItem(key)
  else localStorage.setItem(key, theme)
}

/** Draws the page in a theme, as `public/theme.js` does before the first paint; follows the system until stopped. */
export function applyTheme(theme: Theme): () => void {
  const system = window.matchMedia(systemIsDark)
  const apply = () => {
    document.documentElement.dataset.theme = theme === "system" ? (system.matches ? "dark" : "light") : theme
  }
  apply()
  system.addEventListener("change", apply)
  return () => system.removeEventListener("change", apply)
}
