"""What the administrator of a site decides: by environment (`DOUGONG_…`) or in `dougong.toml`, environment first.

Every setting is one row of `SETTINGS`: its name, type, default and meaning. The command `dougong settings` prints
them, so the table is the documentation.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dougong_platform.setting_kinds import (
    Wrong,
    database,
    file_store,
    flag,
    mail_host,
    networks,
    one_of,
    optional,
    replica,
    servers,
    short,
    text,
    whole,
    zone,
)
from dougong_runtime.errors import Problem, Refused, problem_type, refuse
from dougong_runtime.labels import Label
from dougong_runtime.names import nearest

PREFIX = "DOUGONG_"
FILE = "dougong.toml"
SECRET_FILE = "secret"
OTHER_VARIABLES = ("DOUGONG_CONFIG", "DOUGONG_DEMO_PASSWORD", "DOUGONG_PASSWORD", "DOUGONG_TEST_CLUSTER")
"""Variables that are no settings of a site."""

BAD_SETTING = problem_type(
    "bad-setting",
    400,
    "设置 {name} 有误：{zh}",
    "The setting {name} is wrong: {en}",
    remedy=("运行 dougong settings 查看全部设置。", "Run “dougong settings” to see every setting."),
)
UNKNOWN_SETTING = problem_type(
    "unknown-setting",
    400,
    "{file} 中没有名为「{name}」的设置。",
    "{file} has a setting “{name}” that does not exist.",
    remedy=("最接近的是：{nearest}", "Nearest: {nearest}"),
)


def checked(name: str, raw: object) -> Any:
    """A live setting's value from text. Raises `Refused`: UNKNOWN_SETTING, or BAD_SETTING with the reason."""
    setting = _BY_NAME.get(name)
    if setting is None or not setting.live:
        live = [s.name for s in SETTINGS if s.live]
        raise refuse(UNKNOWN_SETTING, name, file="/admin/settings", name=name, nearest=nearest(name, live))
    try:
        return setting.read(raw)
    except Wrong as wrong:
        raise refuse(BAD_SETTING, name, name=name, zh=wrong.label.zh, en=wrong.label.en) from None


ACCENTS = ("ink", "teal", "green", "purple", "graphite")
"""Colours of what acts, each with its shades for light and dark in the style sheet's tokens."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing an administrator may decide."""

    name: str
    read: Callable[[object], Any]
    default: Any
    meaning: Label
    secret: bool = False
    live: bool = False
    """Whether administrators may set it on a page while the site serves, where nothing else has decided it."""

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper()


def _setting(
    name: str,
    read: Callable[[object], Any],
    default: Any,
    zh: str,
    en: str,
    secret: bool = False,
    live: bool = False,
) -> Setting:
    return Setting(name, read, default, Label(zh, en), secret, live)


SETTINGS: tuple[Setting, ...] = (
    _setting(
        "data_dir",
        text,
        "var",
        "数据目录：文件、密钥，默认数据库也在其中",
        "Folder of files, keys and, by default, the database",
    ),
    _setting(
        "database_url",
        database,
        "",
        "数据库地址；空则用数据目录中的 SQLite",
        "Address of the database; empty: SQLite in the data folder",
        True,
    ),
    _setting(
        "read_url",
        replica,
        "",
        "只读副本（PostgreSQL 流复制）的地址；空则全部读主库",
        "Address of a streaming replica of PostgreSQL for reading; empty: all is read from the primary",
        True,
    ),
    _setting(
        "read_lag_seconds",
        whole(1, 300),
        5,
        "副本落后多久（秒）以内仍可读",
        "Seconds that a replica may lag behind and still be read",
    ),
    _setting(
        "secret_key",
        text,
        "",
        "站点密钥；空则生成一次，存于数据目录",
        "The site's key; empty: made once and kept in the data folder",
        True,
    ),
    _setting("time_zone", zone, "Asia/Shanghai", "站点时区（IANA 名）", "The site's time zone (IANA name)"),
    _setting("language", one_of("zh", "en"), "zh", "默认语言", "Language where nothing else says", live=True),
    _setting(
        "site_name",
        short(40),
        "",
        "站点名称，显示在侧栏和登录页；空则为斗拱",
        "Name of the site, in the sidebar and at sign-in; empty: Dougong",
        live=True,
    ),
    _setting(
        "accent", one_of(*ACCENTS), "ink", "主色", "Colour of what acts: links, the main button", live=True
    ),
    _setting(
        "logo",
        short(64),
        "",
        "标志的指纹；标志在管理页上传",
        "Fingerprint of the logo, which is handed in on the page of settings",
        live=True,
    ),
    _setting(
        "mail_host",
        mail_host,
        "",
        "邮件服务器；空则不发邮件",
        "Mail server; empty: no mail is sent",
        live=True,
    ),
    _setting("mail_port", whole(1, 65535), 587, "邮件服务器端口", "Port of the mail server", live=True),
    _setting(
        "mail_security",
        one_of("starttls", "tls", "none"),
        "starttls",
        "与邮件服务器的加密方式；none 只用于本单位内部",
        "Encryption towards the mail server; none is for the firm's own network only",
        live=True,
    ),
    _setting("mail_user", short(200), "", "邮件服务器的账号", "Account at the mail server", live=True),
    _setting(
        "mail_password",
        text,
        "",
        "该账号的密码；只由环境变量或 dougong.toml 给出",
        "Password of that account; by environment or dougong.toml only",
        True,
    ),
    _setting("mail_from", short(200), "", "发件人地址", "Address that mail is from", live=True),
    _setting("host", text, "127.0.0.1", "监听地址", "Address to listen on"),
    _setting("port", whole(0, 65535), 8000, "监听端口", "Port to listen on"),
    _setting("workers", whole(1, 64), 1, "服务进程数", "Serving processes"),
    _setting(
        "hosts",
        text,
        "",
        "站点的主机名，逗号分隔；空则不限",
        "Host names that the site answers to, comma separated; empty: any",
    ),
    _setting(
        "trusted_proxies",
        text,
        "127.0.0.1",
        "可信反向代理的地址，逗号分隔",
        "Addresses of reverse proxies to believe, comma separated",
    ),
    _setting(
        "metrics_from",
        networks,
        "127.0.0.0/8, ::1",
        "可以读取 /metrics 的地址或网段，逗号分隔；经可信代理时按其转告的地址；空则谁都不行",
        "Addresses or networks that may read /metrics, comma separated; behind a trusted proxy, those it passes on; "
        "empty: nobody",
    ),
    _setting(
        "internal_servers",
        servers,
        "",
        "站点可以访问的内部服务器：主机、地址或网段，可带端口，逗号分隔；空则只访问公网",
        "Servers of the firm's own network that the site may call: hosts, addresses or networks, each with a port or "
        "without, comma separated; empty: public servers only",
    ),
    _setting(
        "log_level",
        one_of("debug", "info", "warning", "error"),
        "info",
        "日志级别",
        "Least grave level to log",
    ),
    _setting(
        "log_format",
        one_of("auto", "json", "console"),
        "auto",
        "日志格式；auto：终端用 console，否则 json",
        "Form of logs; auto: console on a terminal, else json",
    ),
    _setting(
        "pool_size", whole(1, 500), 10, "每个进程的数据库连接数", "Database connections a process keeps"
    ),
    _setting(
        "durability",
        one_of("normal", "full"),
        "normal",
        "SQLite 提交后多久落盘：normal 断电可能丢失最后几次提交，full 每次提交都落盘",
        "SQLite's commits at power loss: normal may lose the last ones, full writes each to the disk",
    ),
    _setting(
        "prepare_threshold",
        optional(whole(0, 1000)),
        5,
        "几次之后预编译语句；经 pgbouncer 事务池时设为 none",
        "Prepare a statement after so many uses; none behind pgbouncer's transaction pooling",
    ),
    _setting(
        "session_idle_minutes",
        whole(1, 60 * 24 * 30),
        8 * 60,
        "会话闲置多久后失效（分钟）",
        "Minutes without use after which a session ends",
        live=True,
    ),
    _setting(
        "second_factor",
        one_of("own", "admins", "all"),
        "own",
        "哪些人必须两步验证",
        "Who must have a second factor",
        live=True,
    ),
    _setting(
        "session_days",
        whole(1, 365),
        14,
        "会话最长天数",
        "Days after which a session ends in any case",
        live=True,
    ),
    _setting(
        "password_length_min", whole(8, 128), 10, "密码最短长度", "Least length of a password", live=True
    ),
    _setting(
        "sign_in_failures_max",
        whole(3, 100),
        5,
        "连续输错几次后锁定账号",
        "Wrong passwords in a row that lock an account",
        live=True,
    ),
    _setting(
        "sign_in_per_address_max",
        whole(5, 10_000),
        30,
        "同一地址每 15 分钟可输错几次",
        "Wrong passwords an address may give in 15 minutes",
        live=True,
    ),
    _setting(
        "seal_seconds", whole(1, 86_400), 60, "审计封存间隔（秒）", "Seconds between seals of the audit"
    ),
    _setting(
        "audit_anchor",
        text,
        "",
        "审计封存的库外留存：文件路径，或接收封存的 https 地址",
        "Where seals of the audit are kept outside: a file's path, or an https address that takes them",
    ),
    _setting(
        "audit_anchor_token",
        text,
        "",
        "向该地址出示的令牌（Bearer）",
        "Token shown to that address (Bearer)",
        True,
    ),
    _setting(
        "request_seconds",
        whole(1, 3_600),
        30,
        "一次请求最多可用数据库多少秒，超过即中止",
        "Seconds a request may keep the database; then it is stopped",
    ),
    _setting(
        "slow_statement_ms",
        whole(0, 600_000),
        500,
        "超过多少毫秒的语句记入慢语句；0 不记",
        "Milliseconds from which a statement is noted as slow; 0: none is",
    ),
    _setting(
        "file_megabytes_max",
        whole(1, 4_000),
        100,
        "上传的单个文件最大多少 MB；字段可以规定得更小",
        "Megabytes that a file handed in may have; a field may say less",
        live=True,
    ),
    _setting(
        "files_url",
        file_store,
        "",
        "文件存放处：空为数据目录；或 S3 兼容存储 s3+https://主机[:端口]/桶[/前缀][?region=…]",
        "Where files lie; empty: the data folder; or a store that speaks S3: "
        "s3+https://host[:port]/bucket[/prefix][?region=…]",
    ),
    _setting("files_key_id", text, "", "该存储的访问密钥 ID", "Access key of that store", True),
    _setting("files_key", text, "", "该存储的访问密钥", "Secret key of that store", True),
    _setting(
        "audit_downloads",
        one_of("sensitive", "all", "none"),
        "sensitive",
        "哪些文件下载记入审计：敏感字段的、全部、不记",
        "Downloads of files that the audit tells of: those of sensitive fields, all, or none",
    ),
    _setting(
        "pdf_font",
        text,
        "",
        "写 PDF 用的中文字体文件；空为在系统字体里找",
        "A font file with Chinese for PDFs; empty: looked for among the system's fonts",
    ),
    _setting(
        "backup_mark",
        text,
        "",
        "备份成功后写的文件；dougong doctor 看它的时间",
        "A file that the backup touches when it has succeeded; “dougong doctor” looks at its age",
    ),
    _setting(
        "upgrade",
        one_of("auto", "manual"),
        "auto",
        "系统表升级：auto 启动时自动进行；manual 只由 dougong upgrade 进行",
        "Upgrading the system tables: auto, at the start; manual, by “dougong upgrade” only",
    ),
    _setting(
        "development",
        flag,
        False,
        "是否供开发：/dev/components 显示全部界面部件",
        "Whether it is for development: /dev/components shows every part of pages",
    ),
    _setting("demo", flag, False, "是否为演示站点", "Whether this is a demonstration"),
)

_BY_NAME = {s.name: s for s in SETTINGS}


@dataclass(frozen=True, slots=True)
class Settings:
    """The decisions in force, frozen. Fields are those of `SETTINGS`."""

    data_dir: Path
    database_url: str = field(repr=False)
    read_url: str = field(repr=False)
    read_lag_seconds: int
    secret_key: str = field(repr=False)
    time_zone: str
    language: str
    site_name: str
    accent: str
    logo: str
    mail_host: str
    mail_port: int
    mail_security: str
    mail_user: str
    mail_password: str = field(repr=False)
    mail_from: str
    host: str
    port: int
    workers: int
    hosts: str
    trusted_proxies: str
    metrics_from: str
    internal_servers: str
    log_level: str
    log_format: str
    pool_size: int
    durability: str
    prepare_threshold: int | None
    session_idle_minutes: int
    second_factor: str
    session_days: int
    password_length_min: int
    sign_in_failures_max: int
    sign_in_per_address_max: int
    seal_seconds: int
    audit_anchor: str = field(repr=False)
    audit_anchor_token: str = field(repr=False)
    request_seconds: int
    slow_statement_ms: int
    file_megabytes_max: int
    files_url: str
    files_key_id: str = field(repr=False)
    files_key: str = field(repr=False)
    audit_downloads: str
    pdf_font: str
    backup_mark: str
    upgrade: str
    development: bool
    demo: bool
    origins: Mapping[str, str] = field(default_factory=dict)
    """Setting name → where it was decided: `environment`, the file's name, `default` or `generated`."""
    ignored: tuple[str, ...] = ()
    """Variables that begin like ours and are none, e.g. misspelt ones."""

    @property
    def site_time_zone(self) -> str:
        """The site's zone: that of stored formulas and schedules."""
        return self.time_zone

    def key(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose (`audit-seal`, `csrf`, `totp`), derived from the site's key (HMAC-SHA256)."""
        return hmac.new(self.secret_key.encode(), b"dougong/" + purpose.encode(), hashlib.sha256).digest()

    def changed(self, kept: Mapping[str, str]) -> Settings:
        """These with what administrators set meanwhile, name → text, where neither environment nor file has decided.

        What is no longer known, or no longer right, is passed over: a site must come up.
        """
        values: dict[str, Any] = {}
        for setting in SETTINGS:
            if setting.live and setting.name in kept and self.origins[setting.name] == "default":
                with contextlib.suppress(Wrong):
                    values[setting.name] = setting.read(kept[setting.name])
        if not values:
            return self
        return replace(self, **values, origins={**self.origins, **dict.fromkeys(values, "database")})

    @classmethod
    def load(cls, env: Mapping[str, str] = os.environ, file: str | Path = FILE, **given: object) -> Settings:
        """Read the settings: `given` (command line options; None means not given), then the environment, then
        the file (which may be absent; `DOUGONG_CONFIG` names another), then defaults.

        Makes the data folder and, where none is given, the site's key (mode 0600). Raises `Refused` with every
        setting that is wrong or unknown.
        """
        path = Path(env.get("DOUGONG_CONFIG", file))
        written = _read_file(path)
        problems: list[Problem] = [
            Problem(
                UNKNOWN_SETTING, None, {"file": path.name, "name": name, "nearest": nearest(name, _BY_NAME)}
            )
            for name in written
            if name not in _BY_NAME
        ]
        values: dict[str, Any] = {}
        origins: dict[str, str] = {}
        for setting in SETTINGS:
            raw, origin = _choose(setting, given, env, written, path.name)
            origins[setting.name] = origin
            try:
                values[setting.name] = setting.default if origin == "default" else setting.read(raw)
            except Wrong as wrong:
                problems.append(
                    Problem(
                        BAD_SETTING, None, {"name": setting.name, "zh": wrong.label.zh, "en": wrong.label.en}
                    )
                )
        if problems:
            raise Refused(problems)
        data_dir = Path(values["data_dir"]).expanduser().resolve()
        values["data_dir"] = data_dir
        if not values["database_url"]:
            values["database_url"] = f"sqlite:///{data_dir / 'dougong.sqlite'}"
        try:
            data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not values["secret_key"]:
                values["secret_key"] = _kept_secret(data_dir / SECRET_FILE)
                origins["secret_key"] = "generated"
        except OSError as error:
            why = f"{error.filename or data_dir}: {error.strerror or error}"
            raise refuse(BAD_SETTING, name="data_dir", zh=why, en=why) from None
        known = {s.variable for s in SETTINGS}.union(OTHER_VARIABLES)
        ignored = tuple(sorted(v for v in env if v.startswith(PREFIX) and v not in known))
        return cls(**values, origins=origins, ignored=ignored)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise Refused(
            [Problem(BAD_SETTING, None, {"name": path.name, "zh": str(error), "en": str(error)})]
        ) from None


def _choose(
    setting: Setting,
    given: Mapping[str, object],
    env: Mapping[str, str],
    written: Mapping[str, Any],
    file: str,
) -> tuple[object, str]:
    if given.get(setting.name) is not None:
        return given[setting.name], "command line"
    if setting.variable in env:
        return env[setting.variable], "environment"
    if setting.name in written:
        return written[setting.name], file
    return setting.default, "default"


def _kept_secret(path: Path) -> str:
    """The key in the file, made once: two processes that start together agree, because a link never overwrites."""
    if not path.exists():
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".secret-")
        try:
            with os.fdopen(handle, "w", encoding="ascii") as out:
                out.write(secrets.token_urlsafe(48))
            Path(draft).chmod(0o600)
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            Path(draft).unlink()
    return path.read_text(encoding="ascii").strip()
