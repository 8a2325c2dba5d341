"""A day with files: a picture dropped into a form, seen, saved, opened and taken out again; a signature; rich text."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hands import ready
from playwright.sync_api import Page, Route, expect
from serving import Served, serving
from test_accessible import findings

from darkroom import jpeg_with_place, open_darkroom, pdf, png
from dougong_runtime.host import SystemClock

Visit = Callable[..., Page]
WHEN = json.loads((Path(__file__).parents[1] / "data" / "when.json").read_text("utf-8"))
NEW = "/apps/darkroom/print/new"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The darkroom, the module's own."""
    with (
        open_darkroom("sqlite", tmp_path_factory.mktemp("darkroom"), SystemClock()) as room,
        serving(room.site) as running,
    ):
        yield running


def drop(page: Page, target: str, name: str, kind: str, content: bytes, how: str = "drop") -> None:
    """Drop a file onto something, or paste it there."""
    page.evaluate(
        """([target, name, kind, content, how]) => {
          const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
          const carried = new DataTransfer();
          carried.items.add(new File([bytes], name, { type: kind }));
          const at = document.querySelector(target);
          const event = how === "drop"
            ? new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true })
            : new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true });
          at.dispatchEvent(event);
        }""",
        [target, name, kind, base64.b64encode(content).decode(), how],
    )


def opened(page: Page, address: str) -> None:
    """Open a form, and wait until its inputs of files take any."""
    page.goto(address)
    expect(page.locator("[data-behaviour=upload]:not([data-ready])")).to_have_count(0)


def save(page: Page) -> None:
    page.locator("form.rec-form button[type=submit].pri").click()
    page.wait_for_url("**/apps/darkroom/print/0*")


def test_a_picture_is_dropped_seen_saved_opened_and_taken_out(visit: Visit) -> None:
    page = visit("keeper_an")
    opened(page, NEW)
    page.fill("#f-name", "北窗")
    photo = jpeg_with_place()
    drop(page, "[data-field=picture] [data-zone]", "海边.jpg", "image/jpeg", photo)
    row = page.locator("[data-field=picture] [data-file]")
    expect(row).to_contain_text("海边.jpg")
    expect(row.locator("img")).to_be_visible()
    drop(page, "#f-shots", "pasted.png", "image/png", png(30, 20), "paste")
    page.locator("#f-shots").focus()
    drop(page, "#f-shots", "pasted.png", "image/png", png(30, 20), "paste")
    page.set_input_files(
        "#f-shots", [{"name": f"{n}.png", "mimeType": "image/png", "buffer": png(20, n)} for n in (3, 4)]
    )
    expect(page.locator("[data-field=shots] [data-file]:has(img)")).to_have_count(3)
    page.set_input_files("#f-paper", {"name": "合同.pdf", "mimeType": "application/pdf", "buffer": pdf()})
    expect(page.locator("[data-field=paper] [data-file]")).to_contain_text("合同.pdf")
    assert findings(page) == []
    save(page)

    page.get_by_role("tab", name="照片").or_(page.locator("main")).first.wait_for()
    shots = page.locator("[data-block] a[data-look]")
    expect(shots).to_have_count(4)
    shots.first.click()
    dialog = page.locator("dialog.look")
    expect(dialog).to_contain_text("海边.jpg · 1 / 4")
    page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text("2 / 4")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    with page.expect_download() as caught:
        page.locator("a[href$='?save']").first.click()
    assert caught.value.suggested_filename == "合同.pdf"
    assert Path(caught.value.path()).read_bytes() == pdf()
    assert findings(page) == []


def test_a_file_is_taken_away_and_another_put_in_its_place(visit: Visit) -> None:
    page = visit("keeper_an")
    opened(page, NEW)
    page.fill("#f-name", "东窗")
    page.set_input_files("#f-paper", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"first"})
    expect(page.locator("[data-field=paper] progress")).to_be_hidden()
    save(page)
    record = page.url.partition("?")[0]
    opened(page, f"{record}/edit")
    kept = page.locator("[data-field=paper] [data-file]")
    expect(kept).to_contain_text("a.txt")
    kept.locator("[data-remove]").click()
    expect(page.locator("[data-field=paper] [data-zone]")).to_be_visible()
    page.set_input_files("#f-paper", {"name": "b.txt", "mimeType": "text/plain", "buffer": b"second"})
    expect(kept).to_contain_text("b.txt")
    save(page)
    opened(page, f"{record}/edit")
    expect(kept).to_contain_text("b.txt")
    kept.locator("[data-remove]").click()
    save(page)
    opened(page, f"{record}/edit")
    expect(kept).to_have_count(0)


def test_what_is_refused_says_why_in_its_place_and_the_form_goes_without_it(visit: Visit) -> None:
    page = visit("keeper_an")
    opened(page, NEW)
    page.fill("#f-name", "西窗")
    page.set_input_files("#f-contract", {"name": "x.pdf", "mimeType": "application/pdf", "buffer": b"MZ\0\0"})
    row = page.locator("[data-field=contract] [data-file]")
    expect(row.locator("[data-wrong]")).to_have_text("「x.pdf」是程序，不能上传。")
    page.set_input_files(
        "#f-picture", {"name": "big.png", "mimeType": "image/png", "buffer": png() + b"\0" * 500_000}
    )
    expect(page.locator("[data-field=picture] [data-wrong]")).to_have_text("big.png 超过 390.6 KB")
    row.locator("[data-remove]").click()
    expect(page.locator("#f-contract")).to_be_focused()
    save(page)


def test_a_form_waits_for_the_files_in_it_and_keeps_them_when_it_is_shown_again(visit: Visit) -> None:
    page = visit("keeper_an")
    opened(page, NEW)

    def slowly(route: Route) -> None:
        page.wait_for_timeout(600)
        route.continue_()

    page.route("**/files?field=*", slowly)
    page.set_input_files("#f-picture", {"name": "late.png", "mimeType": "image/png", "buffer": png(9, 9)})
    page.locator("form.rec-form button[type=submit].pri").click()
    expect(page.locator("[data-summary]")).to_be_visible()  # the name is missing
    expect(page.locator("[data-field=picture] [data-file]")).to_contain_text("late.png")
    page.fill("#f-name", "南窗")
    save(page)
    opened(page, f"{page.url.partition('?')[0]}/edit")
    expect(page.locator("[data-field=picture] [data-file]")).to_contain_text("late.png")


def test_a_name_is_signed_by_hand_or_by_keyboard(visit: Visit) -> None:
    page = visit("keeper_an")
    for by_keyboard in (False, True):
        opened(page, NEW)
        page.fill("#f-name", "签名")
        if by_keyboard:
            page.locator("[data-way]").focus()
            page.keyboard.press("Enter")
            page.keyboard.type("安然")
        else:
            pad = page.locator("[data-pad]")
            pad.scroll_into_view_if_needed()
            ready(page)
            box = pad.bounding_box()
            assert box is not None
            page.mouse.move(box["x"] + 30, box["y"] + 40)
            page.mouse.down()
            page.mouse.move(box["x"] + 200, box["y"] + 90, steps=12)
            page.mouse.up()
        save(page)  # at once: the form waits until the hand's last stroke is kept
        opened(page, f"{page.url.partition('?')[0]}/edit")
        signed = page.locator("[data-behaviour=signature] img")
        expect(signed).to_be_visible()
        assert signed.evaluate("i => i.decode().then(() => i.naturalWidth)") > 100
        page.get_by_role("button", name="重新签").click()
        expect(page.locator("[data-pad]")).to_be_visible()
        page.locator("form.rec-form button[type=submit].pri").click()
        page.wait_for_url("**/print/0*")


def test_rich_text_is_written_with_keys_and_buttons_and_nothing_foreign_stays(visit: Visit) -> None:
    page = visit("keeper_an")
    opened(page, NEW)
    page.fill("#f-name", "文字")
    text = page.get_by_role("textbox", name="说明")
    text.click()
    page.keyboard.type("plain ")
    page.keyboard.press("Control+b")
    page.keyboard.type("bold")
    expect(page.get_by_role("button", name="加粗")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+b")
    page.keyboard.type(".")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="项目列表").click()
    page.keyboard.type("one")
    page.keyboard.press("Enter")
    page.keyboard.type("two")
    page.evaluate(
        """() => {
          const carried = new DataTransfer();
          carried.setData("text/html", "<p onclick='x()'>pasted<img src=x onerror='window.hit=1'><script>window.hit=1</script></p>");
          carried.setData("text/plain", "pasted");
          document.querySelector("[data-page]").dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true }));
        }"""
    )
    expect(text).to_contain_text("pasted")
    assert page.evaluate("window.hit") is None
    save(page)
    page.get_by_role("tab", name="资料").click()
    rich = page.locator("[data-field=story] .rich")
    expect(rich.locator("b")).to_have_text("bold")
    expect(rich.locator("li").first).to_have_text("one")
    assert rich.locator("img, script, [onclick]").count() == 0


KIT = "/apps/darkroom/kit/new"


def left(page: Page, name: str, texts: list[str]) -> dict[str, str]:
    """What stands in a box after each text was typed and the box left, on the day of the list."""
    told: dict[str, str] = page.evaluate(
        """([name, texts, now]) => {
          const box = document.querySelector(`[name=${name}]`);
          const around = box.closest("[data-today]");
          if (around) { around.dataset.today = now.slice(0, 10); around.dataset.now = now.slice(11); }
          return Object.fromEntries(texts.map((text) => {
            box.value = text;
            box.dispatchEvent(new Event("blur"));
            return [text, box.value];
          }));
        }""",
        [name, texts, WHEN["now"]],
    )
    return told


def test_the_browser_understands_what_the_server_understands(visit: Visit) -> None:
    page = visit("keeper_an")
    page.goto(KIT)
    page.wait_for_load_state("networkidle")
    days: dict[str, Any] = WHEN["days"]
    assert left(page, "bought_on", list(days)) == {text: meant or text for text, meant in days.items()}
    moments: dict[str, Any] = WHEN["moments"]
    wanted = {text: (meant or text).replace("T", " ") if meant else text for text, meant in moments.items()}
    assert left(page, "due_at", list(moments)) == wanted
    amounts = {
        "1234.5": "1,234.5",
        "￥1,234.50万": "12,345,000",
        "-2k": "-2,000",
        "1,23": "1,23",
        "1.5亿": "150,000,000",
    }
    assert left(page, "price", list(amounts)) == amounts


def test_a_kit_is_filled_in_with_keys_alone(visit: Visit) -> None:
    page = visit("keeper_an")
    page.goto(KIT)
    page.fill("#f-name", "三脚架")
    page.fill("#f-price", "1,234.5万")
    tags = page.get_by_role("combobox", name="标签")
    tags.fill("木、金属")
    page.keyboard.press("Tab")
    page.get_by_label("购买日期").first.fill("2026-03-20")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-placed=bought_on] [data-title]")).to_have_text("2026年3月")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("PageDown")
    page.keyboard.press("Enter")
    expect(page.locator("#f-bought_on")).to_have_value("2026-04-27")
    page.fill("#f-exposure", "1小时半")
    page.locator(".rate input").nth(3).check(force=True)
    page.fill("#f-site", "example.com/x")
    page.locator("form.rec-form button[type=submit].pri").click()
    page.wait_for_url("**/apps/darkroom/kit/0*")
    main = page.locator("main")
    for shown in ("12,345,000.00", "木", "金属", "2026-04-27", "1:30:00", "example.com/x"):
        expect(main).to_contain_text(shown)
    page.goto(KIT)
    tags.focus()
    expect(page.get_by_role("option", name="金属")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".tagbox .chip")).to_have_count(1)


def test_inputs_shut_nobody_out(visit: Visit) -> None:
    page = visit("keeper_an", width=390, dark=True)
    for address in (NEW, KIT):
        page.goto(f"{address}?lang=en")
        page.wait_for_load_state("networkidle")
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
