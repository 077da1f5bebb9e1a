/// What a new password must be. One that exists already is only compared with its hash.
///
/// No rule of composition, only length and what is guessed first (NIST SP 800-63B §5.1.1.2). Lists of leaked passwords are
/// other people's data; instead of carrying one, what makes up nearly all of their first ten thousand of eight characters
/// and more is recognised: runs, repetitions, walks over a keyboard, and common words with a few digits.
enum PasswordRules {
    /// In Unicode scalars.
    static let length = 8...128

    /// What is wrong with `password` for the user of this name, as a sentence for them; `nil` if nothing is.
    static func problem(with password: Password, of username: String) -> String? {
        guard Self.length.contains(password.text.unicodeScalars.count) else {
            return "A password has \(Self.length.lowerBound) to \(Self.length.upperBound) characters."
        }
        let text = password.text.lowercased()
        if Self.isLike(text, name: username.lowercased()) { return "The password must not be the username." }
        let scalars = text.unicodeScalars.map { Int($0.value) }
        if CommonPasswords.whole.contains(text) || Self.isRepetition(scalars) || Self.isRun(scalars)
            || Self.isWalk(text) || Self.isCommonWord(text)
        {
            return "This password is among the first that anybody would guess."
        }
        return nil
    }

    /// The name, also backwards, twice, or with up to four other characters around it.
    private static func isLike(_ text: String, name: String) -> Bool {
        let backwards = String(name.reversed())
        if text == name + name { return true }
        return [name, backwards].contains { text.contains($0) && text.count - $0.count <= 4 }
    }

    /// One to four characters over and over.
    private static func isRepetition(_ scalars: [Int]) -> Bool {
        (1...4).contains { period in
            scalars.indices.dropFirst(period).allSatisfy { scalars[$0] == scalars[$0 - period] }
        }
    }

    /// Up or down the alphabet or the digits, where 0 may follow 9.
    private static func isRun(_ scalars: [Int]) -> Bool {
        let (zero, nine) = (0x30, 0x39)
        let steps = zip(scalars, scalars.dropFirst())
        return steps.allSatisfy { $1 == $0 + 1 || $0 == nine && $1 == zero }
            || steps.allSatisfy { $1 == $0 - 1 || $0 == zero && $1 == nine }
    }

    /// Keys that lie side by side.
    private static func isWalk(_ text: String) -> Bool {
        let backwards = String(text.reversed())
        return CommonPasswords.walks.contains { $0.contains(text) || $0.contains(backwards) }
    }

    /// A common word, perhaps with digits for letters, and with at most four other characters before and after.
    private static func isCommonWord(_ text: String) -> Bool {
        guard let first = text.firstIndex(where: \.isLetter), let last = text.lastIndex(where: \.isLetter) else {
            return false
        }
        let ends = [text.startIndex..<text.index(after: last), first..<text.index(after: last), first..<text.endIndex]
        return (ends + [text.startIndex..<text.endIndex]).contains { range in
            let rest =
                text.distance(from: text.startIndex, to: range.lowerBound)
                + text.distance(from: range.upperBound, to: text.endIndex)
            return rest <= 4 && CommonPasswords.words.contains(Self.spelled(text[range]))
        }
    }

    /// With the letters that digits and signs stand for.
    private static func spelled(_ text: Substring) -> String {
        let letters: [Character: Character] = [
            "0": "o", "1": "i", "!": "i", "3": "e", "4": "a", "@": "a", "5": "s", "$": "s", "7": "t", "8": "b",
        ]
        return String(text.map { letters[$0] ?? $0 })
    }
}
