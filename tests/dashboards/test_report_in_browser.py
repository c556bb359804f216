"""The report in a real browser, from disk: nothing overflows, nothing is fetched, text can be read."""

import pytest

pytestmark = pytest.mark.ui

CONTRAST = """() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const f = [r, g, b].map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2];
  };
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || e.closest('.skip')) continue;
    const style = getComputedStyle(e);
    const ink = parse(e.closest('svg') ? style.fill : style.color);
    const [a, b] = [light(ink), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${walker.currentNode.data.trim().slice(0, 40)}`);
  }
  return poor;
}"""

TOO_SMALL = """() => [...document.querySelectorAll('svg text')]
  .filter(t => t.getBoundingClientRect().height < 10).map(t => t.textContent)"""

SPILT = """() => [...document.querySelectorAll('svg.chart')].flatMap(s => {
  const card = s.closest('article').getBoundingClientRect();
  return [...s.querySelectorAll('text')].filter(t => {
    const r = t.getBoundingClientRect();
    return r.left < card.left || r.right > card.right;
  }).map(t => t.textContent);
})"""


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["winter", "vaccine", "one_bed"])
def test_the_report_opens_from_disk_and_can_be_read(browser, request, name, width, colours):
    _, path = request.getfixturevalue(name)
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=colours)
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda sent: asked.append(sent.url))

    page.goto(path.as_uri())

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(TOO_SMALL) == []
    assert page.evaluate(SPILT) == []
    assert page.locator("h1").is_visible()
    context.close()


def test_the_printed_report_is_dark_ink_on_white_paper_even_for_those_who_read_in_the_dark(browser, winter):
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(winter[1].as_uri())
    page.emulate_media(media="print", color_scheme="dark")

    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf()[:4] == b"%PDF"
    context.close()
