"""Problem types that only HTTP knows."""

from __future__ import annotations

from dougong_runtime.errors import problem_type

BAD_REQUEST = problem_type("bad-request", 400, "{zh}", "{en}")
MALFORMED_JSON = problem_type(
    "malformed-json",
    400,
    "JSON 第 {line} 行第 {column} 列有误：{zh}",
    "The JSON is wrong at line {line}, column {column}: {en}",
    remedy=("改正后再发送。", "Correct it and send it again."),
)
UNKNOWN_PARAMETER = problem_type(
    "unknown-parameter",
    400,
    "这个地址没有参数「{name}」。",
    "This address has no parameter “{name}”.",
    remedy=("可用的参数：{known}", "Parameters it has: {known}"),
)
BAD_PARAMETER = problem_type(
    "bad-parameter", 400, "参数「{name}」有误：{zh}", "Parameter “{name}” is wrong: {en}"
)
UNKNOWN_MEMBER = problem_type(
    "unknown-member",
    400,
    "请求中没有「{name}」这一项。",
    "A request here has no member “{name}”.",
    remedy=("可用的项：{known}", "Members it may have: {known}"),
)
NOT_SIGNED_IN = problem_type(
    "not-signed-in",
    401,
    "需要先登录。",
    "You need to sign in first.",
    remedy=("登录，或在 Authorization 中带上令牌。", "Sign in, or send a token in Authorization."),
)
FACTOR_NEEDED = problem_type(
    "factor-needed",
    403,
    "这里要求两步验证，你还没有设置。",
    "A second factor is asked for here, and you have none yet.",
    remedy=(
        "在浏览器中登录，按提示设置验证器。",
        "Sign in with a browser, and set up an authenticator as it says.",
    ),
)
BAD_TOKEN = problem_type(
    "bad-token",
    401,
    "令牌无效或已过期。",
    "The token is not valid or has expired.",
    remedy=("重新取得令牌。", "Ask for a new token."),
)
CSRF = problem_type(
    "csrf",
    403,
    "页面已过期，或请求来自别的网站，没有改动数据。",
    "The page has expired, or the request came from another site. No data changed.",
    remedy=("刷新页面后再试。", "Reload the page and try again."),
)
VIEWING_AS = problem_type(
    "viewing-as",
    403,
    "正在以「{person}」的身份查看，此时不能修改。",
    "You are viewing as “{person}”: nothing can be changed meanwhile.",
    remedy=("结束以他人身份查看。", "Stop viewing as another person."),
)
NO_SUCH_ADDRESS = problem_type(
    "no-such-address",
    404,
    "没有这个地址。",
    "There is nothing at this address.",
    remedy=("核对地址。", "Check the address."),
)
METHOD_NOT_ALLOWED = problem_type(
    "method-not-allowed",
    405,
    "这个地址不支持 {method}。",
    "This address does not take {method}.",
    remedy=("可用：{allow}", "It takes: {allow}"),
)
SLOW_BODY = problem_type(
    "slow-body",
    408,
    "请求内容在 {seconds} 秒内没有收全，没有改动数据。",
    "The request's body did not arrive within {seconds} s. No data changed.",
)
BODY_TOO_LARGE = problem_type(
    "body-too-large",
    413,
    "请求内容超过上限 {limit} 字节。",
    "The request's body exceeds the limit of {limit} bytes.",
    remedy=("分批发送，或用导入。", "Send it in parts, or import a file."),
)
ADDRESS_TOO_LONG = problem_type(
    "address-too-long",
    414,
    "请求的地址超过上限 {limit} 字节。",
    "The request's address exceeds the limit of {limit} bytes.",
    remedy=("缩短筛选条件。", "Use a shorter filter."),
)
UNSUPPORTED_MEDIA_TYPE = problem_type(
    "unsupported-media-type",
    415,
    "这个地址不接受 {given}，需要 {expected}。",
    "This address does not take {given}; it needs {expected}.",
)
WRONG_HOST = problem_type(
    "wrong-host",
    421,
    "这个站点不以此名称提供服务。",
    "This site is not served under that name.",
)
HEADERS_TOO_LARGE = problem_type(
    "headers-too-large",
    431,
    "请求头超过上限：{fields} 项，共 {limit} 字节。",
    "The request's headers exceed the limit of {fields} fields, {limit} bytes together.",
    remedy=("清除本站的 Cookie 后再试。", "Remove this site's cookies and try again."),
)
INTERNAL = problem_type(
    "internal",
    500,
    "出了故障。请求编号 {request}。",
    "Something failed. Request {request}.",
    remedy=("把编号告诉管理员。", "Tell an administrator the request's number."),
)
NOT_READY = problem_type("not-ready", 503, "站点尚未就绪：{zh}", "The site is not ready: {en}")
