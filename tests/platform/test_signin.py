"""Signing in, and the attacks on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_platform import people, signin, totp
from dougong_platform.site import Site
from dougong_platform.tables import SESSION
from dougong_platform.viewers import Door
from dougong_runtime.audit.log import dg_audit
from dougong_runtime.errors import Refused
from dougong_runtime.host import FixedClock, Viewer
from sites import PASSWORD, SYSTEM, add_person, make_site

PAGE = Door("page")
WRONG = "not the password"


@pytest.fixture
def user(site: Site) -> str:
    return add_person(site, "dr_lin")


def who(site: Site, token: str) -> Viewer | None:
    with site.database.read() as connection:
        return signin.viewer_of_session(site, connection, token, PAGE)


def refusal(site: Site, username: str, password: str = WRONG, **given: str) -> str:
    with pytest.raises(Refused) as caught:
        signin.sign_in(site, username, password, **given)
    return caught.value.problems[0].type.name


def pass_time(site: Site, **span: float) -> None:
    assert isinstance(site.clock, FixedClock)
    site.clock.at += timedelta(**span)


def acts(site: Site) -> list[str]:
    with site.database.read() as connection:
        found = connection.scalars(sa.select(dg_audit.c.action).order_by(dg_audit.c.seq))
        return [a for a in found if a not in ("create", "update", "password")]


@every_database
def test_the_right_password_opens_a_session_for_the_person(site: Site, user: str) -> None:
    session = signin.sign_in(site, "dr_lin", PASSWORD, address="192.0.2.1", agent="a browser")
    seen = who(site, session.token)
    assert seen is not None
    assert seen.user == user
    assert acts(site) == ["sign_in"]


@every_database
def test_the_database_does_not_hold_what_the_cookie_holds(site: Site, user: str) -> None:
    session = signin.sign_in(site, "dr_lin", PASSWORD)
    with site.database.read() as connection:
        row = connection.execute(sa.select(SESSION)).one()
    assert session.token not in map(str, row)
    assert who(site, row.token_hash) is None


@every_database
def test_unknown_wrong_inactive_and_without_password_are_answered_alike(site: Site, user: str) -> None:
    off = add_person(site, "gone")
    with site.database.write() as connection:
        people.set_active(site, connection, SYSTEM, off, False)
        people.add_user(site, connection, SYSTEM, "paper")
    answers = set()
    for username, password in (("dr_lin", WRONG), ("nobody", WRONG), ("gone", PASSWORD), ("paper", "")):
        with pytest.raises(Refused) as caught:
            signin.sign_in(site, username, password)
        answers.add((caught.value.status, str(caught.value)))
    assert len(answers) == 1


@every_database
def test_a_failure_is_in_the_audit_and_an_unknown_name_is_not_kept(site: Site, user: str) -> None:
    refusal(site, "dr_lin")
    refusal(site, "my-secret-password-typed-as-name")
    assert acts(site) == ["sign_in_failed", "sign_in_failed"]
    with site.database.read() as connection:
        rows = connection.execute(sa.select(dg_audit)).all()
    assert "my-secret" not in str(rows)


@every_database
def test_too_many_wrong_ones_lock_the_account_even_for_the_right_one(site: Site, user: str) -> None:
    for _ in range(5):
        assert refusal(site, "dr_lin") == "wrong-password"
    assert refusal(site, "dr_lin", PASSWORD) == "too-many-attempts"
    assert acts(site)[-2:] == ["sign_in_failed", "locked_out"]
    pass_time(site, seconds=31)
    assert who(site, signin.sign_in(site, "dr_lin", PASSWORD).token) is not None


@every_database
def test_the_lock_grows_and_ends_within_the_hour(site: Site, user: str) -> None:
    for _ in range(5):
        refusal(site, "dr_lin")
    waits = []
    for _ in range(10):
        with pytest.raises(Refused) as caught:
            signin.sign_in(site, "dr_lin", WRONG)
        wait = caught.value.problems[0].facts["retry_after"]
        waits.append(wait)
        pass_time(site, seconds=wait)
        assert refusal(site, "dr_lin") == "wrong-password"
    assert waits[:4] == [31, 61, 121, 241]
    assert waits[-1] == 3601


@every_database
def test_waiting_attempts_do_not_make_the_lock_longer(site: Site, user: str) -> None:
    for _ in range(5):
        refusal(site, "dr_lin")
    for _ in range(20):
        assert refusal(site, "dr_lin") == "too-many-attempts"
    pass_time(site, seconds=31)
    signin.sign_in(site, "dr_lin", PASSWORD)


@every_database
def test_an_account_that_does_not_exist_locks_like_one_that_does(site: Site) -> None:
    for _ in range(5):
        assert refusal(site, "nobody") == "wrong-password"
    assert refusal(site, "nobody") == "too-many-attempts"
    assert refusal(site, " NOBODY ") == "too-many-attempts"


@every_database
def test_the_right_password_starts_the_count_anew(site: Site, user: str) -> None:
    for _ in range(3):
        for _ in range(4):
            refusal(site, "dr_lin")
        signin.sign_in(site, "dr_lin", PASSWORD)


@every_database
def test_attempts_sent_at_once_count_like_those_sent_one_by_one(site: Site, user: str) -> None:
    answers: list[str] = []

    def attempt() -> None:
        answers.append(refusal(site, "dr_lin"))

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count("wrong-password") == 5
    assert answers.count("too-many-attempts") == 7


@pytest.fixture
def strict(database_url: str, tmp_path: Path) -> Iterator[Site]:
    made = make_site(database_url, tmp_path, sign_in_per_address_max="6")
    yield made
    made.database.close()


@every_database
def test_an_address_that_tries_many_names_is_slowed_and_others_are_not(strict: Site) -> None:
    add_person(strict, "dr_lin")
    for number in range(6):
        assert refusal(strict, f"name{number}", address="198.51.100.1") == "wrong-password"
    assert refusal(strict, "dr_lin", PASSWORD, address="198.51.100.1") == "too-many-attempts"
    signin.sign_in(strict, "dr_lin", PASSWORD, address="198.51.100.2")
    pass_time(strict, seconds=151)
    assert refusal(strict, "name7", address="198.51.100.1") == "wrong-password"
    assert refusal(strict, "name8", address="198.51.100.1") == "too-many-attempts"


@every_database
def test_a_good_sign_in_does_not_wash_an_address_clean(strict: Site) -> None:
    add_person(strict, "dr_lin")
    for number in range(5):
        refusal(strict, f"name{number}", address="198.51.100.1")
    signin.sign_in(strict, "dr_lin", PASSWORD, address="198.51.100.1")
    assert refusal(strict, "name6", address="198.51.100.1") == "wrong-password"
    assert refusal(strict, "name7", address="198.51.100.1") == "too-many-attempts"


@every_database
def test_signing_in_gives_a_new_token_and_ends_the_one_before(site: Site, user: str) -> None:
    planted = signin.sign_in(site, "dr_lin", PASSWORD).token
    fresh = signin.sign_in(site, "dr_lin", PASSWORD, replaces=planted)
    assert fresh.token != planted
    assert who(site, planted) is None
    assert who(site, fresh.token) is not None


@every_database
def test_a_token_that_was_never_given_opens_nothing(site: Site, user: str) -> None:
    assert who(site, "chosen-by-the-attacker") is None
    fresh = signin.sign_in(site, "dr_lin", PASSWORD, replaces="chosen-by-the-attacker")
    assert fresh.token != "chosen-by-the-attacker"
    assert who(site, "chosen-by-the-attacker") is None


@every_database
def test_a_session_ends_when_it_lies_idle_and_lives_while_it_is_used(site: Site, user: str) -> None:
    token = signin.sign_in(site, "dr_lin", PASSWORD).token
    for _ in range(3):
        pass_time(site, hours=7)
        assert who(site, token) is not None
        with site.database.write() as connection:
            assert site.last_use.write(connection) == 1
    pass_time(site, hours=8, minutes=1)
    assert who(site, token) is None


@every_database
def test_a_session_ends_in_any_case_after_its_days(site: Site, user: str) -> None:
    token = signin.sign_in(site, "dr_lin", PASSWORD).token
    for _ in range(14 * 4):
        pass_time(site, hours=6)
        who(site, token)
        with site.database.write() as connection:
            site.last_use.write(connection)
    assert who(site, token) is None
    with site.database.write() as connection:
        signin.sweep(site, connection)
        assert connection.execute(sa.select(SESSION)).all() == []


@every_database
def test_signing_out_ends_the_session_and_everywhere_ends_all_but_one(site: Site, user: str) -> None:
    tokens = [signin.sign_in(site, "dr_lin", PASSWORD).token for _ in range(4)]
    with site.database.write() as connection:
        signin.sign_out(site, connection, tokens[0], PAGE)
        assert len(signin.sessions(site, connection, user)) == 3
    actor = who(site, tokens[1])
    assert actor is not None
    with site.database.write() as connection:
        assert (
            signin.sign_out_everywhere(site, connection, actor, user, keep=signin.token_hash(tokens[1])) == 2
        )
    assert [who(site, t) is not None for t in tokens] == [False, True, False, False]
    other = add_person(site, "dr_mao")
    with pytest.raises(Refused), site.database.write() as connection:
        signin.sign_out_everywhere(site, connection, actor, other)


@every_database
def test_a_new_password_ends_every_session_and_so_does_being_kept_out(site: Site, user: str) -> None:
    token = signin.sign_in(site, "dr_lin", PASSWORD).token
    with site.database.write() as connection:
        people.set_password(site, connection, SYSTEM, user, "another lantern here")
    assert who(site, token) is None
    assert refusal(site, "dr_lin", PASSWORD) == "wrong-password"
    token = signin.sign_in(site, "dr_lin", "another lantern here").token
    with site.database.write() as connection:
        people.set_active(site, connection, SYSTEM, user, False)
    assert who(site, token) is None


@every_database
def test_the_word_against_forged_requests_is_of_one_session(site: Site, user: str) -> None:
    first, second = (signin.sign_in(site, "dr_lin", PASSWORD) for _ in range(2))
    assert first.csrf != second.csrf
    assert signin.csrf_matches(site, first.token, first.csrf)
    assert not signin.csrf_matches(site, first.token, second.csrf)
    assert not signin.csrf_matches(site, first.token, None)
    assert first.token not in first.csrf


# --- the second factor ----------------------------------------------------------------------------------------
def enrol(site: Site, user: str) -> tuple[pyotp.TOTP, list[str]]:
    actor = Viewer(user, "dr_lin")
    with site.database.write() as connection:
        made = totp.enrol(site, connection, user, "dr_lin")
        generator = pyotp.TOTP(made.secret)
        assert pyotp.parse_uri(made.uri).now() == generator.now()
        codes = totp.confirm(site, connection, actor, user, generator.at(site.clock.now()))
    return generator, codes


@every_database
def test_with_a_second_factor_the_password_is_not_enough(site: Site, user: str) -> None:
    generator, _ = enrol(site, user)
    assert refusal(site, "dr_lin", PASSWORD) == "code-needed"
    assert refusal(site, "dr_lin", PASSWORD, code="000000") == "wrong-code"
    pass_time(site, seconds=30)
    signin.sign_in(site, "dr_lin", PASSWORD, code=generator.at(site.clock.now()))


@every_database
def test_a_code_is_taken_once_and_the_one_of_enrolment_is_spent(site: Site, user: str) -> None:
    generator, _ = enrol(site, user)
    assert refusal(site, "dr_lin", PASSWORD, code=generator.at(site.clock.now())) == "wrong-code"
    pass_time(site, seconds=60)
    code = generator.at(site.clock.now())
    earlier = generator.at(site.clock.now() - timedelta(seconds=30))
    signin.sign_in(site, "dr_lin", PASSWORD, code=code)
    assert refusal(site, "dr_lin", PASSWORD, code=code) == "wrong-code"
    assert refusal(site, "dr_lin", PASSWORD, code=earlier) == "wrong-code"


@every_database
def test_guessing_codes_locks_like_guessing_passwords(site: Site, user: str) -> None:
    enrol(site, user)
    for _ in range(5):
        assert refusal(site, "dr_lin", PASSWORD, code="123456") == "wrong-code"
    assert refusal(site, "dr_lin", PASSWORD, code="123456") == "too-many-attempts"


@every_database
def test_a_wrong_password_does_not_tell_that_there_is_a_second_factor(site: Site, user: str) -> None:
    enrol(site, user)
    assert refusal(site, "dr_lin", WRONG) == "wrong-password"


@every_database
def test_a_recovery_code_stands_in_once(site: Site, user: str) -> None:
    _, codes = enrol(site, user)
    assert len(set(codes)) == 10
    signin.sign_in(site, "dr_lin", PASSWORD, code=codes[0].upper())
    assert refusal(site, "dr_lin", PASSWORD, code=codes[0]) == "wrong-code"
    signin.sign_in(site, "dr_lin", PASSWORD, code=codes[1])


@every_database
def test_the_factor_is_on_only_after_its_first_code_and_off_by_an_administrator(
    site: Site, user: str
) -> None:
    with site.database.write() as connection:
        totp.enrol(site, connection, user, "dr_lin")
    signin.sign_in(site, "dr_lin", PASSWORD)
    enrol(site, user)
    with pytest.raises(Refused), site.database.write() as connection:
        totp.enrol(site, connection, user, "dr_lin")
    with site.database.write() as connection:
        totp.remove(site, connection, SYSTEM, user)
    signin.sign_in(site, "dr_lin", PASSWORD)
    assert acts(site).count("second_factor") == 2
