import Foundation

/// Columns of text, as wide as what stands in them.
struct Table {
    private var rows: [[String]]

    init(_ head: String...) { self.rows = [head] }

    mutating func add(_ cells: String...) { self.rows.append(cells) }

    var text: String {
        let widths = (0..<(self.rows.first?.count ?? 0)).map { column in
            self.rows.map { $0[column].count }.max() ?? 0
        }
        return self.rows.map { row in
            var line = ""
            for (cell, width) in zip(row, widths) {
                line += cell + String(repeating: " ", count: width - cell.count + 2)
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}

enum Output {
    /// What people wrote cannot move the cursor or change the colours of an operator's terminal.
    static func clean(_ text: String) -> String {
        String(
            text.unicodeScalars.map { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: "�"
                default: Character(scalar)
                }
            })
    }

    /// JSON as it came, on lines of its own for people and for `jq` alike.
    static func printJSON(_ data: Data) {
        FileHandle.standardOutput.write(data)
        FileHandle.standardOutput.write(Data("\n".utf8))
    }
}
