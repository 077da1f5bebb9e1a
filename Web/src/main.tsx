import { useEffect, useMemo, useState } from "react"
import { createRoot } from "react-dom/client"
import { loadLanguage, preferredLanguage, translator } from "./i18n/i18n"
import { AccountPage } from "./session/AccountPage"
import { Shell } from "./shell/Shell"
import { parseRoute, usePath } from "./shell/route"
import { SpeechProvider, TeahouseProvider, useSelected } from "./store/context"
import { Teahouse } from "./store/teahouse"
import "./styles/main.css"
import { applyTheme } from "./theme/theme"
import { Toasts } from "./ui/Toasts"

function App() {
  const route = parseRoute(usePath())
  const signedIn = useSelected((state) => state.session !== null)
  const language = useSelected((state) => state.language)
  const speech = useMemo(() => ({ language, t: translator(language) }), [language])
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en"
  }, [language])
  const theme = useSelected((state) => state.theme)
  useEffect(() => applyTheme(theme), [theme])
  return (
    <SpeechProvider value={speech}>
      {signedIn ? <Shell route={route} /> : <AccountPage route={route} />}
      <Toasts />
    </SpeechProvider>
  )
}

/** Makes the one client of this page; it lives as long as the page. */
function Root() {
  const [teahouse] = useState(() => new Teahouse())
  return <TeahouseProvider value={teahouse}><App /></TeahouseProvider>
}

// Where there is none (plain http beyond this machine), the client works without.
void navigator.serviceWorker?.register("/worker.js").catch(() => undefined)

const root = document.getElementById("root")
if (root) void loadLanguage(preferredLanguage()).then(() => createRoot(root).render(<Root />))
