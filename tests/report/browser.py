"""A report in headless Chromium, through its debugging pipe: no errors, no request to anywhere, no sideways scrolling on a phone,
light and dark, by keyboard alone.

usage: browser.py CHROMIUM REPORT [PICTURES]    with a folder for pictures, what is seen is kept there
"""
import base64
import json
import os
import re
import select
import subprocess
import sys
import tempfile
import time


class Browser:
    def __init__(self, program, profile):
        to_it, from_us = os.pipe()
        to_us, from_it = os.pipe()

        def move():  # the browser reads at 3 and writes at 4
            high = [os.dup(fd) for fd in (to_it, from_it)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe",
                 "--no-first-run", "--disable-dev-shm-usage", f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen([program] + flags, preexec_fn=move, close_fds=False, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_it)
        os.close(from_it)
        self.out, self.into = from_us, to_us
        self.buffer, self.number, self.session, self.events = b"", 0, None, []

    def message(self, deadline):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.into], [], [], max(0, deadline - time.time()))
            assert ready, "the browser does not answer"
            more = os.read(self.into, 1 << 20)
            assert more, "the browser has ended"
            self.buffer += more
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.out, json.dumps(request).encode() + b"\0")
        deadline = time.time() + 60
        while True:
            answer = self.message(deadline)
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def load(self, method, **params):
        """Calls what makes the page load, and waits until it has."""
        self.events = [e for e in self.events if e.get("method") != "Page.loadEventFired"]
        self.call(method, **params)
        deadline = time.time() + 60
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self.message(deadline))

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def press(self, key, code):
        for kind in "rawKeyDown", "keyUp":
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)


def complaints(events, page):
    """What the page did that it should not: errors, warnings, requests for anything but itself and what it contains."""
    for event in events:
        method, params = event.get("method", ""), event.get("params", {})
        if method in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
            yield json.dumps(params)[:400]
        if method == "Network.requestWillBeSent":
            url = params["request"]["url"].split("#")[0]
            if url != page and not url.startswith("data:"):
                yield "it asks for " + url[:200]


def contrast(browser, selector):
    """Of the first such element's text against what is behind it (WCAG 2.1, 1.4.3)."""
    text, ground = browser.value("""(function(){var e=document.querySelector('%s'),g=e;
        while(g&&/rgba\\(.*, 0\\)|transparent/.test(getComputedStyle(g).backgroundColor))g=g.parentElement;
        return [getComputedStyle(e).color,getComputedStyle(g||document.body).backgroundColor];})()""" % selector)

    def luminance(colour):
        parts = [int(x) / 255 for x in re.findall(r"\d+", colour)[:3]]
        linear = [x / 12.92 if x <= .03928 else ((x + .055) / 1.055) ** 2.4 for x in parts]
        return .2126 * linear[0] + .7152 * linear[1] + .0722 * linear[2]

    high, low = sorted([luminance(text), luminance(ground)], reverse=True)
    return (high + .05) / (low + .05)


def shot(browser, folder, name):
    if not folder:
        return
    size = browser.call("Page.getLayoutMetrics")["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
    data = browser.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
    with open(os.path.join(folder, name + ".png"), "wb") as file:
        file.write(base64.b64decode(data))


def by_keyboard(browser):
    """With Tab to the slider, along it, and to the button; what is shown follows."""
    seen = "Array.from(document.querySelectorAll('.stage img')).filter(e=>e.offsetWidth).map(e=>e.alt).join()"
    last = browser.value("document.querySelectorAll('.stage img').length") - 1
    steps = browser.value("JSON.parse(document.getElementById('data').textContent).frames")
    assert last > 0, "a single grid is no timeline"
    browser.value("document.activeElement.blur()")
    browser.value("if (document.getElementById('again')) document.getElementById('again').checked = false")
    for _ in range(10):
        browser.press("Tab", 9)
        if browser.value("document.activeElement.id") == "scrub":
            break
    assert browser.value("document.activeElement.id") == "scrub", "no Tab leads to the slider"
    outline = browser.value("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "what has the focus is not seen"
    assert browser.value(seen) == f"Generated samples at step {steps[last]}"
    assert browser.value("document.querySelector('.cursor').hidden")
    latest = browser.value("document.querySelector('[data-key=d_loss]').textContent")
    browser.press("Home", 36)
    assert browser.value(seen) == f"Generated samples at step {steps[0]}"
    assert not browser.value("document.querySelector('.cursor').hidden")
    assert browser.value("document.querySelector('[data-key=d_loss]').textContent") != latest
    browser.press("ArrowRight", 39)
    assert browser.value(seen) == f"Generated samples at step {steps[1]}"
    assert browser.value("document.getElementById('scrub').getAttribute('aria-valuetext')") == f"step {steps[1]}"
    assert browser.value("document.getElementById('shown').textContent") == f"step {steps[1]}"
    browser.load("Page.reload")  # the step that is looked at stays
    assert browser.value(seen) == f"Generated samples at step {steps[1]}"
    browser.value("document.getElementById('scrub').focus()")
    browser.press("End", 35)
    assert browser.value(seen) == f"Generated samples at step {steps[last]}"
    assert browser.value("document.querySelector('[data-key=d_loss]').textContent") == latest
    browser.value("document.getElementById('play').focus()")
    browser.call("Input.dispatchKeyEvent", type="keyDown", key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
    assert browser.value("document.getElementById('play').textContent") == "Pause"
    deadline = time.time() + 60
    while browser.value("document.getElementById('play').textContent") == "Pause":
        assert time.time() < deadline, "it plays on behind the end"
        time.sleep(.1)
    assert browser.value(seen) == f"Generated samples at step {steps[last]}"


VIEWS = [("desktop", 1280, 900, False, "light"), ("phone", 390, 844, True, "light"), ("dark", 1280, 900, False, "dark"),
         ("phone-dark", 390, 844, True, "dark"), ("narrow", 320, 640, True, "light")]


def look(browser, path, pictures):
    page = "file://" + "".join(c if c.isalnum() or c in "/._-" else "".join(f"%{b:02X}" for b in c.encode()) for c in path)
    target = browser.call("Target.getTargets")["targetInfos"]
    target = next(t for t in target if t["type"] == "page")["targetId"]
    browser.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in "Page", "Runtime", "Log", "Network":
        browser.call(domain + ".enable")
    for name, width, height, mobile, scheme in VIEWS:
        browser.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.events.clear()
        browser.load("Page.navigate", url=page)
        browser.value("document.querySelectorAll('details').forEach(e=>e.open=true)")
        across = browser.value("document.documentElement.scrollWidth")
        assert across <= width, f"{name}: {across} pixels on a screen of {width}"
        for selector in "h1", ".verdict p", ".facts span", "figcaption span", ".key b", ".ys span", "dt", "dd", "summary", "button":
            ratio = contrast(browser, selector)
            assert ratio >= 4.5, f"{name}: {selector} has a contrast of {ratio:.2f}"
        dark = contrast(browser, "h1") and browser.value("getComputedStyle(document.body).backgroundColor")
        assert (int(re.search(r"\d+", dark).group()) < 128) == (scheme == "dark"), f"{name}: the ground is {dark}"
        unnamed = browser.value("""Array.from(document.querySelectorAll('img,svg,input,button')).filter(e=>
            !(e.alt||e.getAttribute('aria-label')||e.textContent||e.closest('label'))).length""")
        assert unnamed == 0, f"{name}: {unnamed} pictures or controls without a name"
        browser.value("document.querySelectorAll('details').forEach(e=>e.open=false)")
        shot(browser, pictures, name)
        by_keyboard(browser)
        bad = list(complaints(browser.events, page))
        assert not bad, (name, bad)
        print(f"{name}: {width} pixels, {scheme}: fine")


def main(program, path, pictures=None):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            look(browser, os.path.abspath(path), pictures)
        finally:
            browser.process.kill()
            browser.process.wait()


main(*sys.argv[1:])
