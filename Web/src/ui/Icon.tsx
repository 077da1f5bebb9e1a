const paths = {
  chats: "M4 5h16v11H9l-5 4z",
  friends: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 4.3a3.5 3.5 0 0 1 0 6.4M17.5 14.3c2.4.7 4 2.8 4 5.7",
  star: "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9-4.3-4.1 5.9-.8z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20.5c0-4 3.6-6.5 8-6.5s8 2.5 8 6.5",
  addPerson: "M10 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2.5 20.5c0-4 3.3-6.5 7.5-6.5 1.6 0 3 .4 4.2 1M18.5 14v7M15 17.5h7",
  addGroup: "M4 5h16v11H9l-5 4zM12 7.5v6M9 10.5h6",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.3 15.3L20.5 20.5",
  send: "M4 12l16-7-5.5 15-3-6.5zM11.5 13.5L20 5",
  emoji: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM8.3 14.2c.8 1.5 2.1 2.3 3.7 2.3s2.9-.8 3.7-2.3M9 9.5v.6M15 9.5v.6",
  image: "M4 5h16v14H4zM4 16l4.5-4.5 4 4 3-3L20 17M15.5 9.3v.1",
  file: "M6.5 3.5h7.5l4 4v13h-11.5zM13.5 3.5v4.5h4.5",
  attach: "M19.5 11.5l-7.6 7.6a4.8 4.8 0 0 1-6.8-6.8l8-8a3.2 3.2 0 0 1 4.6 4.6l-7.8 7.8a1.6 1.6 0 0 1-2.3-2.3l7-7",
  back: "M15 5l-7 7 7 7",
  down: "M5 9l7 7 7-7",
  close: "M6 6l12 12M18 6L6 18",
  more: "M12 6v.1M12 12v.1M12 18v.1",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clock: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 7.5V12l3 2",
  warning: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 7.5v5.5M12 16.3v.1",
  download: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
  checks: "M2 12.5l4.5 4.5L16 7.5M11.5 16l1 1L22 7.5",
  reply: "M10 6L4 11.5 10 17M4.5 11.5H14c3.5 0 6 2 6 6.5",
  forward: "M14 6l6 5.5L14 17M19.5 11.5H10c-3.5 0-6 2-6 6.5",
  edit: "M4 20l1-4.5L16 4.5l3.5 3.5-11 11zM13.5 7l3.5 3.5",
  copy: "M8.5 8.5h11v11h-11zM5 15.5H4.5v-11h11V5",
  recall: "M5 9h9.5a5 5 0 0 1 0 10H8M5 9l4-4M5 9l4 4",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 14.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6z",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  plus: "M12 5v14M5 12h14",
  announce: "M4 10v4h3.5l7.5 4.5v-13L7.5 10zM18.5 9.5a4 4 0 0 1 0 5",
  flag: "M5.5 21V4M5.5 4.5c5-2.5 8 2.5 13 0v9c-5 2.5-8-2.5-13 0",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1",
  pin: "M14 3.5l6.5 6.5-3 .6-4 4 .2 3.9-8.2-8.2 3.9.2 4-4zM9.2 14.8L4 20",
  mute: "M4 10v4h3.5l5 3.5v-11L7.5 10zM16.5 9.5l5 5M21.5 9.5l-5 5",
  hide: "M3 3l18 18M9.9 5.8A9.6 9.6 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a17 17 0 0 1-3 3.7M6.3 7.5A16.5 16.5 0 0 0 2.5 12s3.5 6.5 9.5 6.5a9.3 9.3 0 0 0 4-.9M9.9 9.9a2.9 2.9 0 0 0 4.2 4.2",
  next: "M9 5l7 7-7 7",
  keyboard: "M3 6.5h18v11H3zM6.5 10v.1M10 10v.1M14 10v.1M17.5 10v.1M8 14h8",
} as const

export type IconName = keyof typeof paths

/** Line icons, drawn in the colour of the text around them. */
export function Icon({ name, size = 22 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor"
      strokeWidth={name === "more" ? 3 : 1.8} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}

/** The sign of the house: a cup of tea. */
export function Cup({ size = 64 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 64 64" aria-hidden="true" className="cup">
      <rect className="cup-ground" width="64" height="64" rx="15" />
      <path className="cup-body" d="M14 28h30v8a14 14 0 0 1-14 14h-2a14 14 0 0 1-14-14z" />
      <path className="cup-handle" d="M44 31h3a6 6 0 0 1 0 12h-4" />
      <path className="cup-steam" d="M23 12c-3 4 3 6 0 10M33 12c-3 4 3 6 0 10" />
    </svg>
  )
}
