import { Message } from "../api/contract"
import { previewText } from "../chatlist/preview"
import { Translate } from "../i18n/i18n"
import { navigate } from "../shell/route"
import { State } from "../store/state"
import { wanted } from "./wanted"

/** How old a message may be to be told of, in milliseconds: a replay of what was missed is not news. */
const fresh = 60_000

/** Calls somebody back to a page that is hidden. */
export class Notifier {
  constructor(private readonly state: () => State, private readonly t: () => Translate) {
    navigator.serviceWorker?.addEventListener("message", (event: MessageEvent<{ path?: unknown }>) => {
      if (typeof event.data.path === "string") navigate(event.data.path)
    })
  }

  get possible(): boolean {
    return "Notification" in window && "serviceWorker" in navigator
  }

  get allowed(): boolean {
    return this.possible && Notification.permission === "granted"
  }

  /** Asks the person, which browsers allow only on a click. */
  async ask(): Promise<boolean> {
    return this.possible && (await Notification.requestPermission()) === "granted"
  }

  async arrived(message: Message): Promise<void> {
    const { chatrooms, session } = this.state()
    const chatroom = chatrooms?.get(message.chatroomId)
    if (document.visibilityState === "visible" || !this.allowed || !session) return
    if (!wanted(message, chatroom, session.user.id) || Date.now() - Date.parse(message.createdAt) > fresh) return
    const text = previewText(this.t(), message)
    const registration = await navigator.serviceWorker.ready
    await registration.showNotification(chatroom?.name ?? message.sender.nickname, {
      body: chatroom?.type === "group" ? `${message.sender.nickname}: ${text}` : text,
      icon: "/favicon.svg", tag: `chatroom-${message.chatroomId}`, data: { path: `/chatrooms/${message.chatroomId}` },
    })
  }
}
