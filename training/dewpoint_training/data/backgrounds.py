"""Procedural backgrounds. Each painter draws on a 2x canvas (halved at the end: cheap antialiasing) with jittered palettes.

Painters share one convention: what stands on the ground stands between y = 0.75 and 0.95 of the height, so horizons lie above that.
"""
from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

SIZE = 256
S = SIZE * 2
COLORS = {
    "white": (250, 250, 250), "blue": (90, 150, 240), "yellow": (250, 215, 80), "pink": (250, 170, 200), "green": (120, 200, 120),
    "purple": (170, 130, 220), "orange": (245, 165, 80), "black": (28, 28, 34), "gray": (150, 150, 155), "red": (230, 80, 80),
}


class Canvas:
    """Drawing helpers in units of the picture (0..1)."""

    def __init__(self, rng: np.random.Generator):
        self.rng = rng
        self.image = Image.new("RGB", (S, S))
        self.draw = ImageDraw.Draw(self.image)

    def jitter(self, color, spread=9.0):
        return tuple(int(v) for v in np.clip(np.asarray(color) + self.rng.normal(0, spread, 3), 0, 255))

    def gradient(self, top, bottom, y0=0.0, y1=1.0, mask=None):
        a, b = int(y0 * S), int(y1 * S)
        t = np.linspace(0, 1, b - a)[:, None, None]
        strip = np.asarray(self.jitter(top)) * (1 - t) + np.asarray(self.jitter(bottom)) * t
        patch = Image.fromarray(strip.astype(np.uint8), "RGB").resize((S, b - a), Image.NEAREST)
        self.image.paste(patch, (0, a), mask.crop((0, a, S, b)) if mask is not None else None)

    def wavy_ground(self, top, bottom, y, amplitude, wavelength):
        x = np.linspace(0, 1, 65)
        edge = y + amplitude * np.sin(x * 2 * np.pi / wavelength + self.rng.uniform(0, 6.3))
        mask = Image.new("L", (S, S))
        ImageDraw.Draw(mask).polygon([(S, S), (0, S)] + [(a * S, b * S) for a, b in zip(x, edge)], fill=255)
        self.gradient(top, bottom, max(0.0, y - amplitude - 0.01), 1.0, mask)

    def rect(self, x0, y0, x1, y1, color):
        self.draw.rectangle((x0 * S, y0 * S, x1 * S, y1 * S), fill=color)

    def disc(self, x, y, r, color, ry=None):
        ry = r if ry is None else ry
        self.draw.ellipse(((x - r) * S, (y - ry) * S, (x + r) * S, (y + ry) * S), fill=color)

    def polygon(self, points, color):
        self.draw.polygon([(x * S, y * S) for x, y in points], fill=color)

    def dots(self, n, y0, y1, r0, r1, color):
        for _ in range(n):
            self.disc(self.rng.uniform(0, 1), self.rng.uniform(y0, y1), self.rng.uniform(r0, r1), color)

    def cloud(self, x, y, r, color=(255, 255, 255)):
        for dx, dy, k in ((-1.2, 0.15, 0.7), (0, -0.2, 1.0), (1.2, 0.15, 0.75), (0.5, 0.25, 0.8), (-0.5, 0.25, 0.8)):
            self.disc(x + dx * r, y + dy * r, r * k, color)

    def sky(self, top=(110, 190, 245), bottom=(205, 235, 252)):
        self.gradient(top, bottom)

    def u(self, a, b):
        return float(self.rng.uniform(a, b))


def beach(c):
    c.sky()
    if c.u(0, 1) < 0.5:
        c.cloud(c.u(0.1, 0.9), c.u(0.08, 0.25), 0.05)
    c.gradient((35, 135, 205), (75, 195, 215), c.u(0.42, 0.48), 0.8)
    c.wavy_ground((250, 232, 180), (232, 198, 135), c.u(0.62, 0.68), 0.012, c.u(0.3, 0.6))


def forest(c):
    c.gradient((175, 220, 180), (95, 155, 100))
    for k in range(12):
        x, w, top, shade = c.u(0, 1), c.u(0.08, 0.15), c.u(0.02, 0.3), c.u(75, 120)
        green = c.jitter((30, shade, 50), 4)
        c.rect(x - 0.015, 0.5, x + 0.015, 0.76, (95, 65, 45))
        c.polygon([(x, top), (x - w, 0.68), (x + w, 0.68)], green)
    c.gradient((100, 155, 75), (60, 110, 48), 0.72)


def space(c):
    c.gradient((10, 8, 38), (48, 22, 84))
    c.dots(70, 0, 1, 0.002, 0.006, (255, 255, 255))
    x, y = c.u(0, 1), c.u(0, 0.4)
    c.disc(x, y, c.u(0.03, 0.08), c.jitter((200, 140, 110), 30))


def snow(c):
    c.gradient((165, 198, 230), (225, 236, 248))
    for _ in range(5):
        x, top = c.u(0, 1), c.u(0.3, 0.45)
        c.polygon([(x, top), (x - 0.07, 0.66), (x + 0.07, 0.66)], c.jitter((120, 160, 160)))
    c.wavy_ground((250, 252, 255), (215, 228, 245), c.u(0.6, 0.66), 0.02, c.u(0.5, 1.0))
    c.dots(50, 0, 1, 0.004, 0.009, (255, 255, 255))


def underwater(c):
    c.gradient((70, 185, 228), (12, 60, 135))
    for _ in range(10):
        x, y, r = c.u(0, 1), c.u(0, 0.85), c.u(0.008, 0.022)
        c.draw.ellipse(((x - r) * S, (y - r) * S, (x + r) * S, (y + r) * S), outline=(205, 238, 250), width=3)
    c.wavy_ground((225, 205, 150), (190, 165, 115), 0.87, 0.012, 0.35)
    for _ in range(4):
        x = c.u(0, 1)
        c.polygon([(x - 0.012, 0.9), (x - 0.02, 0.75), (x, 0.66), (x + 0.012, 0.78), (x + 0.012, 0.9)], c.jitter((40, 150, 95)))


def desert(c):
    c.gradient((120, 195, 240), (255, 232, 190))
    c.disc(c.u(0.1, 0.9), c.u(0.1, 0.25), 0.06, (255, 236, 150))
    c.wavy_ground((235, 185, 115), (215, 160, 95), c.u(0.5, 0.56), 0.04, c.u(0.6, 1.2))
    c.wavy_ground((225, 168, 95), (195, 135, 72), c.u(0.65, 0.7), 0.03, c.u(0.6, 1.2))


def mountains(c):
    c.sky()
    for _ in range(4):
        x, top, w = c.u(0, 1), c.u(0.12, 0.35), c.u(0.28, 0.42)
        c.polygon([(x, top), (x - w, 0.75), (x + w, 0.75)], c.jitter((110, 116, 138)))
        k = 0.28
        c.polygon([(x, top), (x - w * k, top + (0.75 - top) * k), (x - w * k * 0.3, top + (0.75 - top) * k * 0.75), (x + w * k * 0.3, top + (0.75 - top) * k * 1.1), (x + w * k, top + (0.75 - top) * k)], (246, 249, 253))
    c.gradient((115, 175, 92), (80, 140, 70), 0.7)


def sunset(c):
    c.gradient((95, 55, 130), (255, 165, 85), 0, 0.66)
    c.disc(c.u(0.2, 0.8), 0.62, 0.14, c.jitter((255, 228, 125)))
    c.gradient((125, 62, 95), (50, 26, 62), 0.64)


def city(c):
    c.gradient((140, 192, 236), (226, 228, 238))
    x = -0.02
    while x < 1:
        w, top = c.u(0.1, 0.2), c.u(0.12, 0.5)
        c.rect(x, top, x + w, 0.8, c.jitter((105, 115, 142), 14))
        y = top + 0.03
        while y < 0.68:
            wx = x + 0.02
            while wx < x + w - 0.03:
                c.rect(wx, y, wx + 0.018, y + 0.03, (252, 234, 160))
                wx += 0.045
            y += 0.065
        x += w + 0.005
    c.gradient((95, 96, 102), (78, 78, 84), 0.76)
    for k in range(4):
        c.rect(0.05 + k * 0.27, 0.87, 0.17 + k * 0.27, 0.885, (235, 230, 200))


def meadow(c):
    c.sky()
    c.cloud(c.u(0.1, 0.9), c.u(0.08, 0.25), 0.05)
    c.wavy_ground((135, 205, 95), (85, 162, 62), c.u(0.56, 0.64), 0.03, c.u(0.7, 1.4))
    c.dots(25, 0.66, 1, 0.005, 0.009, (255, 240, 120))


def kitchen(c):
    c.gradient((250, 238, 215), (244, 226, 196))
    for k in range(5):
        c.rect(k * 0.2 + 0.003, 0.0, k * 0.2 + 0.197, 0.2, c.jitter((190, 130, 85), 3))
        c.rect(k * 0.2 + 0.09, 0.16, k * 0.2 + 0.11, 0.18, (90, 60, 40))
    for row in range(3):
        for k in range(8):
            c.rect(k * 0.125 + 0.002, 0.3 + row * 0.12, k * 0.125 + 0.123, 0.417 + row * 0.12, c.jitter((225, 238, 240), 3))
    c.gradient((200, 140, 95), (165, 108, 70), 0.7)


def stage(c):
    c.gradient((70, 20, 40), (110, 30, 50))
    for k in range(9):
        c.polygon([(k / 9, 0), (k / 9 + 0.06, 0), (k / 9 + 0.06, 0.72), (k / 9, 0.72)], c.jitter((175, 35, 50), 6))
    c.gradient((190, 135, 85), (140, 95, 60), 0.7)
    x = c.u(0.4, 0.6)
    c.disc(x, 0.86, 0.38, (235, 205, 150), 0.1)


def night(c):
    c.gradient((14, 20, 58), (48, 62, 120))
    c.dots(45, 0, 0.6, 0.002, 0.005, (255, 255, 230))
    x, y = c.u(0.1, 0.9), c.u(0.08, 0.22)
    c.disc(x, y, 0.055, (250, 244, 205))
    c.wavy_ground((32, 52, 62), (18, 32, 42), c.u(0.62, 0.7), 0.03, c.u(0.6, 1.2))


def jungle(c):
    c.gradient((90, 165, 95), (35, 100, 60))
    for _ in range(16):
        x, y, a = c.u(0, 1), c.u(-0.05, 0.6), c.u(-0.6, 0.6)
        dx, dy = 0.22 * np.sin(a), 0.22 * np.cos(a)
        c.polygon([(x, y), (x + dx / 2 + 0.05, y + dy / 2), (x + dx, y + dy), (x + dx / 2 - 0.05, y + dy / 2)], c.jitter((40, 135, 60), 16))
    c.gradient((75, 115, 50), (50, 80, 38), 0.74)


def bedroom(c):
    c.gradient((205, 215, 240), (188, 200, 230))
    x = c.u(0.1, 0.55)
    c.rect(x, 0.1, x + 0.32, 0.42, (250, 250, 250))
    c.rect(x + 0.02, 0.12, x + 0.3, 0.4, c.jitter((150, 205, 245)))
    c.rect(x + 0.152, 0.12, x + 0.168, 0.4, (250, 250, 250))
    c.rect(0, 0.68, 1, 0.71, (248, 248, 248))
    c.gradient((200, 160, 120), (172, 130, 92), 0.71)


def library(c):
    c.gradient((110, 72, 45), (95, 60, 38))
    palette = [(180, 60, 55), (60, 105, 165), (70, 140, 90), (215, 175, 75), (130, 85, 150), (225, 215, 195)]
    for row in range(3):
        y, x = row * 0.24, 0.01
        c.rect(0, y + 0.22, 1, y + 0.24, (140, 95, 60))
        while x < 0.97:
            w, h = c.u(0.05, 0.09), c.u(0.15, 0.19)
            c.rect(x, y + 0.22 - h, x + w - 0.004, y + 0.22, c.jitter(palette[c.rng.integers(6)], 6))
            x += w
    c.gradient((150, 100, 65), (120, 78, 50), 0.73)


def lake(c):
    c.sky()
    c.wavy_ground((95, 160, 100), (80, 140, 90), 0.42, 0.03, c.u(0.4, 0.8))
    c.gradient((80, 160, 210), (45, 115, 180), 0.5)
    for _ in range(14):
        x, y = c.u(0, 0.9), c.u(0.54, 0.98)
        c.rect(x, y, x + c.u(0.04, 0.1), y + 0.008, (150, 205, 235))


def garden(c):
    c.sky()
    c.wavy_ground((95, 165, 80), (70, 130, 60), c.u(0.5, 0.55), 0.02, 0.4)
    c.gradient((120, 190, 90), (85, 155, 65), 0.66)
    for _ in range(26):
        x, y = c.u(0, 1), c.u(0.52, 0.66)
        c.disc(x, y, 0.018, c.jitter(((240, 90, 120), (250, 205, 80), (190, 120, 225), (250, 250, 250))[c.rng.integers(4)], 8))
        c.disc(x, y, 0.007, (250, 230, 120))


def rain(c):
    c.gradient((105, 120, 145), (165, 178, 195))
    for k in range(3):
        c.cloud(c.u(0.05, 0.95), c.u(0.04, 0.14), 0.07, c.jitter((120, 130, 150), 5))
    for _ in range(60):
        x, y = c.u(0, 1), c.u(0.15, 1)
        c.draw.line((x * S, y * S, (x - 0.012) * S, (y + 0.04) * S), fill=(205, 220, 238), width=3)
    c.gradient((105, 125, 110), (85, 102, 95), 0.76)


def clouds(c):
    c.gradient((85, 165, 240), (190, 225, 250))
    for _ in range(6):
        c.cloud(c.u(0, 1), c.u(0.05, 0.95), c.u(0.05, 0.09))


def party(c):
    c.gradient(*(((255, 225, 235), (250, 195, 215)), ((222, 238, 255), (190, 215, 250)), ((255, 244, 205), (252, 225, 160)))[c.rng.integers(3)])
    palette = [(235, 80, 90), (250, 190, 60), (80, 175, 230), (110, 200, 120), (180, 110, 220)]
    for k in range(8):
        x = k / 8
        c.polygon([(x, 0.02), (x + 0.11, 0.02), (x + 0.055, 0.13)], palette[k % 5])
    for _ in range(50):
        x, y = c.u(0, 1), c.u(0.16, 1)
        c.rect(x, y, x + 0.014, y + 0.01, palette[c.rng.integers(5)])


def moon(c):
    c.gradient((6, 6, 18), (20, 20, 45))
    c.dots(50, 0, 0.6, 0.002, 0.005, (255, 255, 255))
    x = c.u(0.15, 0.85)
    c.disc(x, 0.2, 0.08, (70, 130, 210))
    c.disc(x - 0.02, 0.19, 0.035, (90, 170, 110))
    c.wavy_ground((185, 185, 192), (135, 135, 145), c.u(0.6, 0.66), 0.02, c.u(0.7, 1.3))
    for _ in range(7):
        c.disc(c.u(0, 1), c.u(0.7, 0.98), c.u(0.02, 0.06), (150, 150, 158), 0.015)


def farm(c):
    c.sky()
    c.wavy_ground((190, 200, 95), (150, 175, 75), 0.55, 0.02, c.u(0.7, 1.4))
    x = c.u(0.05, 0.6)
    c.rect(x, 0.36, x + 0.3, 0.62, c.jitter((190, 55, 48)))
    c.polygon([(x - 0.03, 0.37), (x + 0.15, 0.2), (x + 0.33, 0.37)], c.jitter((120, 70, 60)))
    c.rect(x + 0.1, 0.46, x + 0.2, 0.62, (245, 240, 230))
    c.gradient((135, 185, 80), (105, 155, 60), 0.62)
    for k in range(8):
        c.rect(k / 7 - 0.01, 0.6, k / 7 + 0.01, 0.71, (235, 225, 205))
    c.rect(0, 0.63, 1, 0.65, (235, 225, 205))


def road(c):
    c.sky()
    c.gradient((130, 195, 95), (95, 165, 70), 0.5)
    c.polygon([(0.46, 0.5), (0.54, 0.5), (1.0, 1), (0, 1)], c.jitter((88, 90, 96), 4))
    for k in range(5):
        y = 0.53 + k * k * 0.02 + k * 0.03
        w = 0.006 + k * 0.004
        c.polygon([(0.5 - w, y), (0.5 + w, y), (0.5 + w * 1.3, y + 0.02 + k * 0.012), (0.5 - w * 1.3, y + 0.02 + k * 0.012)], (250, 235, 150))


def volcano_land(c):
    c.gradient((70, 30, 40), (235, 110, 60))
    x = c.u(0.3, 0.7)
    c.polygon([(x - 0.08, 0.2), (x + 0.08, 0.2), (x + 0.45, 0.75), (x - 0.45, 0.75)], c.jitter((75, 55, 60)))
    c.polygon([(x - 0.08, 0.2), (x + 0.08, 0.2), (x + 0.1, 0.45), (x + 0.03, 0.33), (x - 0.03, 0.55), (x - 0.05, 0.35)], (255, 150, 50))
    c.gradient((70, 50, 52), (45, 34, 38), 0.72)


def field(c):
    c.sky((120, 195, 245), (215, 235, 250))
    c.rect(0, 0.34, 1, 0.5, c.jitter((150, 150, 170)))
    for k in range(40):
        c.disc((k % 20) / 19, 0.38 + (k // 20) * 0.06, 0.015, c.jitter((200, 150, 140), 40))
    for k in range(6):
        c.rect(0, 0.5 + k * 0.085, 1, 0.585 + k * 0.085, (95, 175, 80) if k % 2 else (110, 190, 92))
    c.rect(0, 0.56, 1, 0.568, (245, 250, 245))


def pool(c):
    c.gradient((235, 240, 240), (225, 232, 235), 0, 0.5)
    for k in range(8):
        c.rect(k / 8 + 0.003, 0.3, k / 8 + 0.122, 0.42, c.jitter((240, 235, 225), 3))
    c.gradient((80, 200, 235), (35, 140, 210), 0.42)
    for _ in range(18):
        x, y = c.u(0, 0.9), c.u(0.46, 0.98)
        c.rect(x, y, x + c.u(0.04, 0.09), y + 0.009, (185, 235, 250))


def halloween(c):
    c.gradient((45, 25, 75), (200, 95, 45))
    c.disc(c.u(0.2, 0.8), 0.25, 0.14, (250, 235, 180))
    c.wavy_ground((35, 28, 40), (22, 18, 28), 0.66, 0.03, c.u(0.7, 1.4))
    for _ in range(5):
        x = c.u(0, 0.95)
        c.rect(x, 0.6, x + 0.06, 0.72, (95, 95, 108))
        c.disc(x + 0.03, 0.6, 0.03, (95, 95, 108))


def plain(name):
    def paint(c):
        top, bottom = COLORS[name], np.asarray(COLORS[name]) * 0.94
        c.gradient(top, bottom)
    return paint


PAINTERS = {
    f.__name__: f
    for f in (beach, forest, space, snow, underwater, desert, mountains, sunset, city, meadow, kitchen, stage, night, jungle, bedroom, library, lake, garden, rain, clouds, party, moon, farm, road, volcano_land, field, pool, halloween)
} | {name: plain(name) for name in COLORS}


def paint_background(kind: str, rng: np.random.Generator) -> Image.Image:
    canvas = Canvas(rng)
    PAINTERS[kind](canvas)
    return canvas.image.reduce(2)
