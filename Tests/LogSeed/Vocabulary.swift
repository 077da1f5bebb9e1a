/// What people say, the more common words first.
enum Vocabulary {
    static let chinese = [
        "我", "你", "的", "了", "是", "在", "吗", "好", "不", "有", "就", "我们", "今天", "这个", "可以", "什么", "大家", "一下",
        "现在", "没有", "知道", "明天", "时候", "已经", "怎么", "一起", "觉得", "喜欢", "晚上", "因为", "所以", "如果", "时间", "问题",
        "朋友", "工作", "吃饭", "喝茶", "茶馆", "电影", "公司", "会议", "下午", "上午", "周末", "回家", "学习", "学校", "老师", "学生",
        "中文", "英文", "翻译", "文章", "照片", "文件", "消息", "手机", "电脑", "软件", "测试", "项目", "客户", "产品", "设计", "价格",
        "开心", "谢谢", "辛苦", "抱歉", "请问", "收到", "没问题", "马上", "等等", "出发", "到了", "地铁", "火车", "机场", "北京", "上海",
        "杭州", "成都", "广州", "天气", "下雨", "太阳", "健康", "医院", "运动", "跑步", "足球", "音乐", "唱歌", "旅行", "酒店", "护照",
        "龙井", "普洱", "乌龙", "铁观音", "碧螺春", "茉莉花", "紫砂壶", "生日快乐", "新年", "中秋节", "端午", "春节", "红包", "礼物", "孩子",
        "妈妈", "爸爸", "爷爷", "奶奶", "邻居", "装修", "房子", "租金", "银行", "股票", "保险", "合同", "律师", "图书馆", "博物馆", "数据库",
        "服务器", "程序员", "算法", "文献", "论文", "毕业", "考试", "面试", "简历",
    ]

    static let english = [
        "the", "I", "you", "to", "a", "it", "is", "and", "in", "that", "we", "for", "of", "on", "have",
        "not", "be", "this", "with", "are", "can", "just", "do", "my", "so", "at", "what", "will", "me",
        "up", "they", "all", "but", "there", "if", "your", "about", "out", "one", "get", "know", "like",
        "go", "time", "now", "good", "see", "think", "how", "when", "want", "well", "need", "from",
        "tomorrow", "today", "thanks", "please", "sorry", "meeting", "lunch", "dinner", "tea", "coffee",
        "maybe", "later", "tonight", "morning", "weekend", "home", "office", "work", "friend", "people",
        "message", "photo", "file", "phone", "train", "airport", "station", "weather", "rain", "sunny",
        "ticket", "hotel", "price", "budget", "project", "release", "server", "database", "deploy", "test",
        "build", "review", "branch", "customer", "contract", "invoice", "design", "draft", "schedule",
        "doctor", "health", "football", "music", "concert", "movie", "book", "library", "museum",
        "birthday", "present", "kids", "mother", "father", "garden", "kitchen", "recipe", "noodles",
        "dumplings", "oolong", "jasmine", "teapot", "teahouse", "porcelain", "translation", "dictionary",
        "grammar", "thesis", "exam", "interview", "resume", "passport", "visa", "insurance", "mortgage",
        "neighbour", "renovation", "harbour", "festival", "lantern", "firework", "calligraphy", "orchard",
        "telescope", "quarterly", "spreadsheet", "backup", "replica", "latency", "throughput",
    ]
}
