"""Words of the page of settings."""

from __future__ import annotations

SETTINGS_WORDS: dict[str, tuple[str, str]] = {
    "settings.looks": ("外观与语言", "Looks and language"),
    "settings.sign_in": ("登录规则", "Rules for signing in"),
    "settings.mail": ("邮件服务器", "Mail server"),
    "settings.files": ("文件", "Files"),
    "settings.decided": ("由 {origin} 决定，在那里修改。", "Decided by {origin}; change it there."),
    "settings.logo": ("标志", "Logo"),
    "settings.logo_hint": ("PNG、JPEG 或 WebP，不超过 2 MB。", "PNG, JPEG or WebP, up to 2 MB."),
    "settings.logo_save": ("换上标志", "Use this logo"),
    "settings.logo_remove": ("去掉标志", "Remove the logo"),
    "settings.time_zone_hint": (
        "由 DOUGONG_TIME_ZONE 决定；换了之后运行 dougong doctor --recompute。",
        "Decided by DOUGONG_TIME_ZONE; after a change run dougong doctor --recompute.",
    ),
    "settings.password_given": ("已给出", "Given"),
    "settings.password_none": ("没有", "None"),
    "settings.password_hint": (
        "只由环境变量 DOUGONG_MAIL_PASSWORD 或 dougong.toml 给出，不存入数据库。",
        "By DOUGONG_MAIL_PASSWORD or dougong.toml alone; it is not kept in the database.",
    ),
    "accent.ink": ("墨蓝", "Ink blue"),
    "accent.teal": ("青", "Teal"),
    "accent.green": ("绿", "Green"),
    "accent.purple": ("紫", "Purple"),
    "accent.graphite": ("石墨", "Graphite"),
    "language.zh": ("中文", "Chinese"),
    "language.en": ("英文", "English"),
    "second_factor.own": ("由各人自定", "Nobody: it is each person's choice"),
    "second_factor.admins": ("管理员", "Administrators"),
    "second_factor.all": ("所有人", "Everybody"),
    "mail_security.starttls": ("STARTTLS", "STARTTLS"),
    "mail_security.tls": ("TLS", "TLS"),
    "mail_security.none": ("不加密", "None"),
    "mail.test": ("给我发一封测试邮件", "Send me a test message"),
    "mail.test_subject": ("测试邮件", "A test message"),
    "mail.test_text": ("邮件服务器的设置可用。", "The settings of the mail server work."),
    "done.mail_sent": ("邮件服务器收下了测试邮件", "The mail server took the test message"),
}
