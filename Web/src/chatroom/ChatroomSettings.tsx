import { FormEvent, useState } from "react"
import { Chatroom, ChatroomChange } from "../api/contract"
import { useT, useTeahouse } from "../store/context"

const notify = ["all", "mentions", "none"] as const

/** What a chatroom is to oneself; and for a group's owner and admins, what it is to all. */
export function ChatroomSettings({ chatroom }: { chatroom: Chatroom }) {
  const t = useT()
  const teahouse = useTeahouse()
  const { settings } = chatroom
  const set = (change: Partial<Chatroom["settings"]>) =>
    void teahouse.attempt(() => teahouse.chatrooms.setSettings(chatroom, change))
  return (
    <div className="chatroom-settings">
      <label className="setting">
        <span>{t("settings.notify")}</span>
        <select value={settings.notify} onChange={(event) => set({ notify: event.target.value as typeof notify[number] })}>
          {notify.map((each) => <option key={each} value={each}>{t(`notify.${each}`)}</option>)}
        </select>
      </label>
      <label className="setting">
        <span>{t("settings.pinned")}</span>
        <input type="checkbox" checked={settings.pinned} onChange={(event) => set({ pinned: event.target.checked })} />
      </label>
      <label className="setting">
        <span>{t("settings.hidden")}</span>
        <input type="checkbox" checked={settings.hidden} onChange={(event) => set({ hidden: event.target.checked })} />
      </label>
      {chatroom.type === "group" && chatroom.role !== "member" && <GroupForm chatroom={chatroom} />}
    </div>
  )
}

function GroupForm({ chatroom }: { chatroom: Chatroom }) {
  const t = useT()
  const teahouse = useTeahouse()
  const [name, setName] = useState(chatroom.name)
  const [announcement, setAnnouncement] = useState(chatroom.announcement ?? "")
  const changed = name.trim() !== chatroom.name || announcement.trim() !== (chatroom.announcement ?? "")
  const set = (change: ChatroomChange) =>
    void teahouse.attempt(() => teahouse.chatrooms.update(chatroom, change))
  const save = (event: FormEvent) => {
    event.preventDefault()
    set({ name: name.trim(), announcement: announcement.trim() })
  }
  return (
    <form className="form" onSubmit={save}>
      <label className="field">
        <span>{t("group.name")}</span>
        <input value={name} maxLength={50} onChange={(event) => setName(event.target.value)} />
      </label>
      <label className="field">
        <span>{t("group.announcement")}</span>
        <textarea rows={3} value={announcement} maxLength={1000} onChange={(event) => setAnnouncement(event.target.value)} />
      </label>
      <label className="setting">
        <span>{t("group.historyForNew")}</span>
        <input type="checkbox" checked={chatroom.historyForNewMembers ?? false}
          onChange={(event) => set({ historyForNewMembers: event.target.checked })} />
      </label>
      <label className="setting">
        <span>{t("group.joinApproval")}</span>
        <input type="checkbox" checked={chatroom.joinApproval ?? false}
          onChange={(event) => set({ joinApproval: event.target.checked })} />
      </label>
      <button type="submit" className="button" disabled={!changed || !name.trim()}>{t("action.save")}</button>
    </form>
  )
}
