import sys
from tests.browser.test_assessment import PAGES, WHO, furnished, open_page, overflow, violations
from tests.browser.test_assessment import hall as hall
async def test_shots(hall, browser):
    await furnished(hall)
    page = await open_page(browser)
    bad=[]
    for w in (1280,360):
        await page.set_viewport_size({"width": w, "height": 900})
        for n,path in enumerate(PAGES):
            who = next((who for part, who in WHO.items() if part in path), "assessor")
            await hall.enter(page, "author" if path.endswith("review") else who)
            a=await page.goto(f"{hall.address}/sv/{path}")
            name=path.replace("/","_").replace("?","_").replace("&","_")
            await page.screenshot(path=f"/tmp/assessor/{w}-{n:02d}-{name}.png", full_page=True)
            o=await overflow(page)
            v=await violations(page)
            if a.status!=200 or o or v: bad.append((w,path,a.status,o,v))
    for b in bad: print(b)
    assert not bad
