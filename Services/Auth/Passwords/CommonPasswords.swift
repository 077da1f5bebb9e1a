/// What people take for passwords, written down by hand, in lower case.
enum CommonPasswords {
    /// Whole ones, of eight characters and more.
    static let whole: Set<String> = [
        "12345678", "123456789", "1234567890", "0123456789", "87654321", "987654321", "0987654321", "12341234",
        "12344321", "11223344", "1122334455", "123123123", "123321123", "147258369", "789456123", "741852963",
        "123456789a", "123456789q", "a123456789", "123456abc", "abc123456", "12345678a", "1234qwer", "qwer1234",
        "1qaz2wsx", "1q2w3e4r", "1q2w3e4r5t", "q1w2e3r4", "q1w2e3r4t5", "zaq12wsx", "zaq1xsw2", "qazwsxedc",
        "qwertyui", "qwertyuiop", "qwerty123", "qwerty1234", "qwerty12345", "qwerty123456", "asdfghjk", "asdfghjkl",
        "asdf1234", "asdfasdf", "zxcvbnm1", "zxcvbnm123", "password", "password1", "password12", "password123",
        "password1234", "password!", "passw0rd", "p@ssw0rd", "p@ssword", "pass1234", "passwort", "motdepasse",
        "contraseña", "iloveyou", "iloveyou1", "iloveyou2", "woaini520", "woaini1314", "5201314520", "aini1314",
        "sunshine", "princess", "princess1", "football", "football1", "baseball", "basketball", "superman",
        "batman123", "starwars", "pokemon1", "trustno1", "whatever", "computer", "internet", "michelle", "jennifer",
        "charlie1", "jordan23", "liverpool", "chelsea1", "arsenal1", "samsung1", "lovely123", "monkey123",
        "dragon123", "master123", "letmein1", "letmein123", "welcome1", "welcome123", "changeme", "changeme123",
        "administrator", "admin123", "admin1234", "adminadmin", "root1234", "test1234", "testtest", "guest1234",
        "default1", "secret123", "teahouse", "teahouse1", "teahouse123", "abcd1234", "abcdefgh", "abcdefg1",
        "aa123456", "aa12345678", "a1b2c3d4", "hello123",
    ]

    /// Words, and beginnings of words, that digits are put to.
    static let words: Set<String> = [
        "password", "passwort", "passwords", "motdepasse", "contrasena", "wachtwoord", "senha", "parola", "princess",
        "sunshine", "iloveyou", "loveyou", "lovely", "football", "baseball", "basketball", "soccer", "hockey",
        "superman", "batman", "spiderman", "starwars", "pokemon", "dragon", "monkey", "master", "letmein", "welcome",
        "changeme", "administrator", "admin", "login", "guest", "default", "secret", "teahouse", "messenger",
        "chatroom", "hello", "helloworld", "whatever", "computer", "internet", "michelle", "jennifer", "jessica",
        "charlie", "jordan", "liverpool", "chelsea", "arsenal", "barcelona", "manchester", "juventus", "realmadrid",
        "samsung", "shadow", "michael", "ashley", "bailey", "passion", "trustno", "freedom", "summer", "winter",
        "spring", "autumn", "january", "february", "march", "april", "august", "september", "october", "november",
        "december", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "flower", "hottie",
        "loveme", "zaqwsx", "google", "facebook", "twitter", "youtube", "instagram", "microsoft", "windows", "linux",
        "ubuntu", "debian", "android", "iphone", "apple", "banana", "orange", "cherry", "chocolate", "cookie",
        "cheese", "pepper", "ginger", "butter", "buttercup", "butterfly", "rainbow", "purple", "yellow", "silver",
        "golden", "diamond", "crystal", "angel", "angels", "babygirl", "babyboy", "sweetie", "sweetheart", "darling",
        "honey", "junior", "daddy", "mommy", "family", "friend", "friends", "forever", "together", "killer", "hunter",
        "ranger", "harley", "ferrari", "porsche", "mercedes", "mustang", "corvette", "yamaha", "honda", "toyota",
        "thunder", "tigger", "tiger", "lion", "eagle", "eagles", "falcon", "phoenix", "wizard", "merlin", "matrix",
        "gandalf", "hobbit", "frodo", "naruto", "pikachu", "mario", "zelda", "sonic", "minecraft", "fortnite",
        "roblox", "counter", "strike", "warcraft", "diablo", "starcraft", "playstation", "nintendo", "xbox", "gamer",
        "player", "cowboy", "cowboys", "yankees", "lakers", "steelers", "raiders", "packers", "dallas", "boston",
        "chicago", "london", "paris", "berlin", "moscow", "madrid", "america", "england", "france", "germany",
        "russia", "china", "beijing", "shanghai", "woaini", "aini", "qazwsx", "qwerty", "qwertz", "azerty", "asdf",
        "asdfgh", "zxcvbn", "zxcvbnm", "qwertyui", "qwer", "abcd", "abc", "abcdef", "test", "testing", "tester",
        "temp", "temporary", "root", "toor", "user", "server", "database", "oracle", "mysql", "postgres", "redis",
        "system", "manager", "support", "service", "office", "company", "business", "school", "college", "student",
        "teacher", "doctor", "police", "soldier", "andrew", "anthony", "daniel", "david", "george", "james", "john",
        "joseph", "joshua", "matthew", "nicholas", "patrick", "richard", "robert", "thomas", "william", "alexander",
        "amanda", "andrea", "elizabeth", "hannah", "jasmine", "laura", "maria", "melissa", "nicole", "olivia",
        "rachel", "samantha", "sarah", "sophie", "stephanie", "victoria", "natasha", "tinkerbell", "metallica",
        "slipknot", "nirvana", "eminem", "beatles", "elvis", "music", "guitar", "piano", "dance", "dancer", "money",
        "dollar", "lucky", "winner", "success", "jesus", "christ", "heaven", "blessed", "faith", "grace", "peace",
        "trinity", "scorpion", "panther", "bulldog", "rabbit", "turtle", "dolphin", "penguin", "kitten", "kitty",
        "puppy", "buster", "maggie", "molly", "sophia", "bella", "max", "rocky", "access", "security", "private",
        "hacker", "fuckyou", "asshole", "bitch", "pussy", "sexy",
    ]

    /// Keyboards along their rows and columns, each twice, as one begins again at its end.
    static let walks = [
        "1234567890", "qwertyuiop", "qwertyuiop[]", "asdfghjkl", "asdfghjkl;'", "zxcvbnm", "zxcvbnm,./", "qwertzuiop",
        "azertyuiop", "qsdfghjklm", "yxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "qazwsxedcrfvtgbyhnujmikolp",
        "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "1a2s3d4f5g6h7j8k9l", "a1s2d3f4g5h6j7k8l9", "147258369",
        "159357",
        "123qweasdzxc", "qweasdzxc123", "qwertyuiopasdfghjklzxcvbnm", "!@#$%^&*()_+",
    ].map { $0 + $0 }
}
