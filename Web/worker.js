// The service worker: the shell of the client comes from the cache at once, also without a network. What people say is
// never here; the page keeps that itself. Web/build fills in what stands between % signs.
const name = "teahouse-%VERSION%"
const shell = %SHELL%

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(name).then((cache) => cache.addAll(shell)).then(() => self.skipWaiting()))
})

self.addEventListener("activate", (event) => {
  const others = (names) => names.filter((each) => each.startsWith("teahouse-") && each !== name)
  event.waitUntil(caches.keys()
    .then((names) => Promise.all(others(names).map((each) => caches.delete(each))))
    .then(() => self.clients.claim()))
})

self.addEventListener("fetch", (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== "GET" || origin !== self.location.origin) return
  if (/^\/(api|socket\.io)(\/|$)/.test(pathname)) return
  const wanted = request.mode === "navigate" ? "/" : pathname
  if (!shell.includes(wanted)) return
  event.respondWith(caches.open(name).then((cache) => cache.match(wanted)).then((kept) => kept ?? fetch(request)))
})

// A click on a notification leads to what it tells of.
self.addEventListener("notificationclick", (event) => {
  event.notification.close()
  const { path } = event.notification.data
  event.waitUntil(self.clients.matchAll({ type: "window" }).then((windows) => {
    const [open] = windows
    if (!open) return self.clients.openWindow(path)
    open.postMessage({ path })
    return open.focus()
  }))
})
