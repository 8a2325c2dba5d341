"""`dougong user`: people, their passwords, roles and tokens."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from dougong_platform import people, tokens, totp
from dougong_platform.cli.terminal import (
    AsJson,
    actor,
    answer,
    group,
    misused,
    open_site,
    password_from,
    say,
    table,
    tell,
)

commands = group("人员、密码、角色和令牌", "People, their passwords, roles and tokens")

Name = Annotated[str, typer.Argument(metavar="NAME", help=say("用户名", "User name"))]
Roles = Annotated[
    list[str] | None,
    typer.Option(
        "--role",
        metavar="APP.ROLE",
        help=say(
            "角色，可重复；admin 为平台管理员", "Role, repeatable; admin is the platform's administrator"
        ),
    ),
]
PasswordStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin", help=say("从标准输入读密码", "Read the password from the standard input")
    ),
]
Until = Annotated[
    datetime | None,
    typer.Option("--until", formats=["%Y-%m-%d"], help=say("角色的最后一天", "The roles' last day")),
]


@commands.command(help=say("新增人员", "Add a person"))
def add(
    name: Name,
    password_stdin: PasswordStdin = False,
    role: Roles = None,
    until: Until = None,
    team: Annotated[str | None, typer.Option(help=say("团队名称", "Name of the team"))] = None,
    full_name: Annotated[str | None, typer.Option("--name", help=say("姓名", "Full name"))] = None,
    email: Annotated[str | None, typer.Option(help=say("邮箱", "Mail address"))] = None,
    phone: Annotated[str | None, typer.Option(help=say("电话", "Phone number"))] = None,
    language: Annotated[str | None, typer.Option(help=say("语言：zh 或 en", "Language: zh or en"))] = None,
    time_zone: Annotated[
        str | None, typer.Option(help=say("时区，如 Asia/Shanghai", "Time zone, such as Asia/Shanghai"))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add a person; without a password there is no signing in yet."""
    password = password_from(password_stdin, name)
    with open_site() as site, site.database.write() as connection:
        me = actor("user add")
        user_id = people.add_user(
            site,
            connection,
            me,
            name,
            name=full_name,
            email=email,
            phone=phone,
            team=team,
            language=language,
            time_zone=time_zone,
            password=password,
        )
        people.grant(site, connection, me, user_id, role or (), until.date() if until else None)
    answer({"id": user_id, "username": name}, as_json, say(f"已新增 {name}", f"Added {name}"))
    if password is None:
        tell(
            say(
                f"还没有密码，不能登录。设置：dougong user passwd {name}",
                f"Without a password there is no signing in. Set one: dougong user passwd {name}",
            )
        )


@commands.command(
    help=say(
        "设置密码，并结束其全部会话和令牌", "Set a password, and end all sessions and tokens of the person"
    )
)
def passwd(name: Name, password_stdin: PasswordStdin = False, as_json: AsJson = False) -> None:
    """Set a password."""
    password = password_from(password_stdin, name)
    if password is None:
        misused(
            "没有终端：用 --password-stdin 传入密码。", "There is no terminal: give it by --password-stdin."
        )
    with open_site() as site, site.database.write() as connection:
        person = people.get_person(connection, name)
        people.set_password(site, connection, actor("user passwd"), person.id, password)
    answer(
        {"username": person.username},
        as_json,
        say(f"已设置 {person.username} 的密码", f"Set the password of {person.username}"),
    )


@commands.command(
    help=say(
        "签发 API 令牌；令牌在最后一行，只显示一次",
        "Issue an API token; it stands on the last line, this once",
    )
)
def token(
    name: Name,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help=say("范围，可重复：read、write、应用名", "Scope, repeatable: read, write, an app's name")
        ),
    ] = None,
    days: Annotated[
        int, typer.Option(min=0, help=say("有效天数；0 为不过期", "Days until it ends; 0: without end"))
    ] = tokens.DAYS_DEFAULT,
    label: Annotated[str, typer.Option(help=say("用途", "What it is for"))] = "",
    revoke: Annotated[
        str | None, typer.Option(metavar="ID", help=say("撤销这个令牌", "Revoke this token"))
    ] = None,
    show: Annotated[bool, typer.Option("--list", help=say("列出令牌", "List the tokens"))] = False,
    as_json: AsJson = False,
) -> None:
    """Issue, list or revoke a person's tokens."""
    me = actor("user token")
    with open_site() as site, site.database.write() as connection:
        person = people.get_person(connection, name)
        if revoke is not None:
            tokens.revoke(site, connection, me, revoke)
            return answer({"id": revoke, "revoked": True}, as_json, say("已撤销", "Revoked"))
        if show:
            kept = tokens.tokens(connection, person.id)
            if as_json:
                return answer([asdict(k) for k in kept], True, "")
            head = (
                "ID",
                say("用途", "For"),
                say("范围", "Scopes"),
                say("到期", "Ends"),
                say("上次使用", "Last used"),
                say("撤销于", "Revoked"),
            )
            rows = [(k.id, k.name, ", ".join(k.scopes), k.expires_at, k.used_at, k.revoked_at) for k in kept]
            return table(head, rows, say("没有令牌。", "No tokens."))
        issued = tokens.issue(
            site,
            connection,
            me,
            person.id,
            name=label,
            scopes=scope or (tokens.READ, tokens.WRITE),
            days=days or None,
        )
    return answer(asdict(issued), as_json, issued.token)


@commands.command(help=say("查看、授予或收回角色", "Show, grant or take back roles"))
def roles(
    name: Name,
    grant: Annotated[
        list[str] | None, typer.Option(metavar="APP.ROLE", help=say("授予，可重复", "Grant, repeatable"))
    ] = None,
    revoke: Annotated[
        list[str] | None, typer.Option(metavar="APP.ROLE", help=say("收回，可重复", "Take back, repeatable"))
    ] = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """A person's roles."""
    me = actor("user roles")
    with open_site() as site, site.database.write() as connection:
        person = people.get_person(connection, name)
        people.revoke(site, connection, me, person.id, revoke or ())
        people.grant(site, connection, me, person.id, grant or (), until.date() if until else None)
        held = people.roles(connection, person.id)
    if as_json:
        return answer([asdict(h) for h in held], True, "")
    head = (say("角色", "Role"), say("最后一天", "Last day"), say("授予于", "Granted"), say("授予人", "By"))
    rows = [(h.role, h.until, h.granted_at.date(), h.granted_by) for h in held]
    return table(head, rows, say("没有角色。", "No roles."))


@commands.command("list", help=say("列出人员", "List people"))
def list_(as_json: AsJson = False) -> None:
    """Everyone."""
    with open_site() as site, site.database.read() as connection:
        everyone = people.people(connection)
        held = {p.id: [h.role for h in people.roles(connection, p.id)] for p in everyone}
    if as_json:
        return answer([{**asdict(p), "roles": held[p.id]} for p in everyone], True, "")
    head = (
        say("用户名", "User name"),
        say("姓名", "Name"),
        say("团队", "Team"),
        say("角色", "Roles"),
        say("状态", "State"),
    )
    rows = [(p.username, p.name, p.team, ", ".join(held[p.id]), _state(p)) for p in everyone]
    return table(head, rows, say("还没有人员。", "No people yet."))


def _state(person: people.Person) -> str:
    if not person.active:
        return say("停用", "off")
    return say("可登录", "can sign in") if person.has_password else say("无密码", "no password")


@commands.command(help=say("停用：不能再登录，会话立即结束", "Keep a person out; sessions end at once"))
def disable(name: Name, as_json: AsJson = False) -> None:
    """Keep a person out."""
    _set_active(name, False, as_json)


@commands.command(help=say("恢复停用的人员", "Let a person in again"))
def enable(name: Name, as_json: AsJson = False) -> None:
    """Let a person in again."""
    _set_active(name, True, as_json)


def _set_active(name: str, active: bool, as_json: bool) -> None:
    with open_site() as site, site.database.write() as connection:
        person = people.get_person(connection, name)
        people.set_active(
            site, connection, actor("user " + ("enable" if active else "disable")), person.id, active
        )
    done = say(f"已启用 {name}", f"Enabled {name}") if active else say(f"已停用 {name}", f"Disabled {name}")
    answer({"username": person.username, "active": active}, as_json, done)


@commands.command(
    "reset-factor", help=say("取消两步验证（手机丢失时）", "Take the second factor away (a lost phone)")
)
def reset_factor(name: Name, as_json: AsJson = False) -> None:
    """Take the second factor away."""
    with open_site() as site, site.database.write() as connection:
        person = people.get_person(connection, name)
        totp.remove(site, connection, actor("user reset-factor"), person.id)
    answer(
        {"username": person.username},
        as_json,
        say(f"已取消 {name} 的两步验证", f"Took the second factor of {name} away"),
    )
