import { StringKey } from "../i18n/i18n"

// A first, small choice. It is data, so that a full one can take its place.
const groups: [StringKey, string][] = [
  ["emoji.faces", "😀 😃 😄 😁 😆 😅 🤣 😂 🙂 🙃 😉 😊 😇 🥰 😍 🤩 😘 😗 😚 😋 😛 😜 🤪 😝 🤗 🤭 🤫 🤔 🤐 😐 😑 😶 😏 😒 🙄 😬 😌 😔 😪 🤤 😴 😷 🤒 🤧 🥵 🥶 😵 🤯 🥳 😎 🤓 🧐 😕 😟 🙁 😮 😯 😲 😳 🥺 😨 😰 😥 😢 😭 😱 😖 😣 😞 😓 😩 😫 🥱 😤 😡 🤬 💀 💩 🤡 👻 🤖"],
  ["emoji.gestures", "👋 🤚 ✋ 👌 🤏 ✌️ 🤞 🤟 🤘 👈 👉 👆 👇 👍 👎 ✊ 👊 👏 🙌 👐 🤲 🤝 🙏 💪 👀 👶 👧 👦 👩 👨 👵 👴 🙋 🙇 🤦 🤷 🏃 💃 🕺 👪"],
  ["emoji.animals", "🐶 🐱 🐭 🐹 🐰 🦊 🐻 🐼 🐨 🐯 🦁 🐮 🐷 🐸 🐵 🐔 🐧 🐦 🐤 🦉 🐴 🦄 🐝 🦋 🐌 🐢 🐍 🐙 🐠 🐬 🐳 🐉 🌵 🌲 🌴 🌱 🍀 🎋 🌸 🌹 🌻 🌙 ⭐ ☀️ ⛅ 🌈 ❄️ 🔥 💧"],
  ["emoji.food", "🍵 🫖 ☕ 🍏 🍊 🍋 🍌 🍉 🍇 🍓 🍑 🍒 🥝 🍅 🥕 🌽 🍞 🧀 🥚 🍔 🍟 🍕 🥟 🍜 🍲 🍣 🍱 🍚 🍙 🥮 🍡 🍦 🍰 🎂 🍫 🍬 🍭 🍺 🍷 🥂 🥢"],
  ["emoji.things", "❤️ 🧡 💛 💚 💙 💜 🖤 💔 💕 💯 💢 💬 💤 🎉 🎁 🎈 🧧 🏮 🎵 🎮 ⚽ 🏀 🏓 🏆 🚗 🚲 ✈️ 🚀 🏠 ⏰ 📷 💻 📱 📖 ✏️ 📎 🔒 🔑 💡 ✅ ❌ ❓ ❗ ⚠️"],
]

export const emojiGroups: { name: StringKey; emoji: string[] }[] = groups.map(([name, all]) => ({ name, emoji: all.split(" ") }))

const key = "teahouse.emoji.recent"

export function recentEmoji(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "[]")
    return Array.isArray(kept) ? kept.filter((each): each is string => typeof each === "string").slice(0, 16) : []
  } catch {
    return []
  }
}

export function keepRecentEmoji(emoji: string): void {
  localStorage.setItem(key, JSON.stringify([emoji, ...recentEmoji().filter((each) => each !== emoji)].slice(0, 16)))
}
