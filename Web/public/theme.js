// Before the first paint, so that a dark page never flashes white: loaded plainly, as nothing inline may run here.
const chosen = localStorage.getItem("teahouse.theme")
const dark = chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches
document.documentElement.dataset.theme = dark ? "dark" : "light"
