"""The video as an ffmpeg filtergraph over PNG layers, made by hand for fixtures/quotes/solar-es-cl.json.

Layers are cut out of a few stills. Each scene is an entrance of 1.5 s, in which layers move and fade over the background
while the scene before slides out, and then one still that is repeated: that is as lean as a graph gets. The total is
counted up by drawtext.
"""

FPS = 30
ENTRANCE = 45  # frames
TRANSITION_S = 0.5
FADE_S = 0.4
# When the scenes begin in the default quote's 843 frames; other lengths are shared out alike.
SHARES = [0, 85 / 843, 253 / 843, 481 / 843, 679 / 843]

# Per scene: (seconds until it enters, y, height, px that it rises), over the whole width.
BANDS = [
    [(0.10, 1165, 55, 0), (0.16, 1220, 85, 56), (0.24, 1305, 170, 56), (0.32, 1475, 100, 56)],
    [(0.20, 380, 75, 56), (0.28, 455, 230, 56), (0.36, 685, 90, 56), (0.45, 796, 454, 56), (0.54, 1268, 170, 56)],
    [(0.20, 300, 92, 56), (0.28, 392, 1240, 56)],
    [(0.20, 430, 78, 56), (0.27, 508, 78, 56), (0.34, 586, 74, 56), (0.28, 660, 460, 24), (0.36, 1124, 128, 56), (0.44, 1252, 136, 56)],
    [(0.20, 300, 140, 56), (0.28, 444, 124, 56), (0.36, 585, 88, 56), (0.43, 673, 88, 56), (0.50, 761, 90, 56), (0.57, 851, 94, 56), (0.30, 945, 680, 72)],
]
CARD = 1  # of the items: the band under the rows
ROW_EDGES = [405, 597, 735, 922, 1111, 1300, 1496]
# Inside of the cards, by scene: opaque, though dark words on them resemble the background.
SOLID = {2: "84:420:912:1070", 3: "100:725:880:340", 4: "100:1035:880:440"}
TOTAL_CARD = 3  # of the totals: the band under the number
TOTAL = {"x": 97, "y": 871, "size": 168}


def scene_starts(frames):
    return [round(share * frames) for share in SHARES]


def prepare(folder, quote, frames, still, output, font):
    """Draws the layers; returns ffmpeg's inputs and the script of the graph."""
    starts = scene_starts(frames)
    ends = [*starts[1:], frames]
    first = folder / "still-first.png"
    still(0, first)
    settled = []
    for scene, end in enumerate(ends):
        settled.append(folder / f"still-{scene}.png")
        still((end - 11) / FPS, settled[-1])

    def draw(inputs, filters, to):
        sources = [part for path in inputs for part in ("-i", path)]
        output(["ffmpeg", "-v", "error", "-y", *sources, "-filter_complex", filters, "-frames:v", "1", to])
        return to

    # The empty background: the foot of the first frame, and over it what is not text in three other moments.
    between = folder / "still-between.png"
    still((starts[1] + 7) / FPS, between)
    ground = draw(
        [first, settled[1], settled[3], between],
        "[1]format=gbrp[p];[2]format=gbrp[q];[3]format=gbrp[r];[p][q]blend=all_mode=darken[pq];"
        "[pq][r]blend=all_mode=darken,crop=1080:650:0:0[top];"
        "[0]format=gbrp[f];[f][top]overlay=format=gbrp,format=rgb24",
        folder / "ground.png",
    )

    def layer(scene, name, y, height, x=0, width=1080, paint=""):
        """A cut-out of a scene, transparent where it does not differ from the background."""
        solid = f",drawbox={SOLID[scene]}:white:fill" if scene in SOLID else ""
        return draw(
            [settled[scene], ground],
            f"[0]format=gbrp{paint},split[seen][b];[1]format=gbrp[g];[b][g]blend=all_mode=difference,format=gray,"
            f"lut=y='min(val*16,255)'{solid}[alpha];[seen][alpha]alphamerge,crop={width}:{height}:{x}:{y},format=rgba",
            folder / f"layer-{name}.png",
        )

    inputs, chains, parts = [], [], []

    def add(picture, count, pixels, effects=""):
        """An input repeated for `count` frames; the label of its chain."""
        at = len(inputs)
        inputs.append(picture)
        chains.append(
            f"[{at}:v]scale=out_color_matrix=bt709:out_range=tv,format={pixels},loop=loop={count - 1}:size=1:start=0,"
            f"setpts=N/{FPS}/TB{effects}[i{at}]"
        )
        return f"i{at}"

    slide = f"(clip(t/{TRANSITION_S},0,1)*clip(t/{TRANSITION_S},0,1)*(3-2*clip(t/{TRANSITION_S},0,1)))"
    accent = quote["company"]["brand"]["accent"].replace("#", "0x")
    for scene, bands in enumerate(BANDS):
        arriving = f"1080*(1-{slide})" if scene else "0"
        under = add(ground if scene else first, ENTRANCE, "yuv420p")

        def over(label, x, y):
            nonlocal under
            chains.append(f"[{under}][{label}]overlay=x='{x}':y='{y}':eof_action=pass[o{len(chains)}]")
            under = f"o{len(chains) - 1}"

        def enter(picture, delay, x, y, rise):
            label = add(picture, ENTRANCE, "yuva420p", f",fade=t=in:st={delay}:d={FADE_S}:alpha=1")
            over(label, f"{x}+{arriving}", f"{y}+{rise}*pow(1-clip((t-{delay})/0.5,0,1),3)")

        if scene:
            gone = add(layer(scene - 1, f"{scene}-gone", 250, 1400), round(TRANSITION_S * FPS), "yuva420p")
            over(gone, f"-1080*{slide}", 250)
        for band, (delay, y, height, rise) in enumerate(bands):
            paint = ""
            if (scene, band) == (2, CARD):
                paint = f",drawbox=84:{ROW_EDGES[0]}:912:{ROW_EDGES[-1] - ROW_EDGES[0]}:white:fill"
            elif (scene, band) == (3, TOTAL_CARD):
                paint = f",drawbox=95:850:900:190:{accent}:fill"
            enter(layer(scene, f"{scene}-{band}", y, height, paint=paint), delay, 0, y, rise)
            if (scene, band) == (3, TOTAL_CARD):
                chains.append(f"[{under}]{counting(quote, delay, arriving, rise, font)}[o{len(chains)}]")
                under = f"o{len(chains) - 1}"
        if scene == 2:
            for row, (top, bottom) in enumerate(zip(ROW_EDGES, ROW_EDGES[1:])):
                enter(layer(2, f"row-{row}", top, bottom - top, 84, 912), round(0.4 + 0.07 * row, 2), 84, top, 28)
        parts += [under, add(settled[scene], ends[scene] - starts[scene] - ENTRANCE, "yuv420p")]

    joined = "".join(f"[{part}]" for part in parts)
    chains.append(f"{joined}concat=n={len(parts)}:v=1:a=0,format=yuv420p[video]")
    script = folder / "graph.txt"
    script.write_text(";\n".join(chains) + "\n")
    return [part for picture in inputs for part in ("-framerate", str(FPS), "-i", picture)], script


def counting(quote, delay, arriving, rise, font):
    """drawtext that counts up to the total, in groups of three digits."""
    total = int(quote["totals"]["total"])
    value = f"floor({total}*(1-pow(1-clip((t-0.2)/1.28,0,1),4))+0.5)"
    groups = (len(str(total)) + 2) // 3
    written = []
    for group in reversed(range(groups)):
        part = f"mod(floor({value}/{1000**group}),1000)"
        digits = "" if group == groups - 1 else "\\:3"
        written.append(f"%{{eif\\:{part}\\:d{digits}}}")
    return (
        f"drawtext=fontfile='{font}':fontsize={TOTAL['size']}:fontcolor=0x1C0D00:text='$" + ".".join(written)
        + f"':x='{TOTAL['x']}+{arriving}':y='{TOTAL['y']}+{rise}*pow(1-clip((t-{delay})/0.5,0,1),3)'"
        f":alpha='clip((t-{delay})/{FADE_S},0,1)'"
    )
