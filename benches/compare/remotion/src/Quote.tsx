// The quote as a video: opening, customer and purpose, items, totals, next step. Same words, sizes and colours as the
// template `quote-summary`, laid out by the browser.
import qrcode from 'qrcode-generator';
import React, {useMemo, useState} from 'react';
import {
  AbsoluteFill,
  continueRender,
  delayRender,
  Easing,
  Img,
  interpolate,
  Sequence,
  staticFile,
  useCurrentFrame,
  useVideoConfig,
} from 'remotion';
import {Enter, Slide, TRANSITION_S, useEntrance} from './motion';

type Item = {
  name: string;
  quantity?: string;
  unit?: string;
  unitPrice?: string;
  total?: string;
  picture?: string;
};

/** What `benches/compare/run` passes in: the quote, its words, and when each scene begins. */
export type Props = {
  frames: number;
  fps: number;
  /** First frames of the five scenes. */
  scenes: number[];
  words: Record<string, string>;
  logo?: string;
  sellerPhoto?: string;
  items: Item[];
  quote: any;
};

const FONTS: [string, number, string][] = [
  ['Inter', 400, 'Inter-Regular.ttf'],
  ['Inter', 500, 'Inter-Medium.ttf'],
  ['Inter', 600, 'Inter-SemiBold.ttf'],
  ['Inter', 700, 'Inter-Bold.ttf'],
  ['Inter Display', 700, 'InterDisplay-Bold.ttf'],
  ['Inter Display', 800, 'InterDisplay-ExtraBold.ttf'],
];

const loadFonts = async (): Promise<void> => {
  await Promise.all(
    FONTS.map(async ([family, weight, file]) => {
      const face = new FontFace(family, `url(${staticFile(`fonts/${file}`)})`, {weight: String(weight)});
      document.fonts.add(await face.load());
    }),
  );
};

const fonts = typeof document === 'undefined' ? Promise.resolve() : loadFonts();

const useFonts = (): void => {
  const [handle] = useState(() => delayRender('fonts'));
  React.useEffect(() => {
    fonts.then(() => continueRender(handle));
  }, [handle]);
};

/** Colours from the brand, by the same rules as the template's. */
const palette = (brand: {primary?: string; accent?: string} = {}) => {
  const primary = brand.primary ?? '#16325C';
  const accent = brand.accent ?? '#F5A623';
  const light = (of: string, lightness: number, alpha = 1) => `oklch(from ${of} ${lightness} c h / ${alpha})`;
  const mixed = (percent: number) => `color-mix(in srgb, ${primary} ${percent}%, white)`;
  return {
    deep: light(primary, 0.28),
    deeper: light(primary, 0.17),
    glow: (alpha: number) => light(primary, 0.48, alpha),
    accent,
    onAccent: light(accent, 0.18),
    ink: light(primary, 0.24),
    softInk: `color-mix(in srgb, white 36%, ${light(primary, 0.24)})`,
    soft: `color-mix(in srgb, ${light(primary, 0.28)} 26%, white)`,
    tint: mixed(7),
    line: mixed(13),
    shade: 'rgb(0 0 0 / 0.34)',
  };
};

type Palette = ReturnType<typeof palette>;
type SceneProps = {p: Props; c: Palette};

const money = (p: Props, amount: string | number): string =>
  new Intl.NumberFormat(p.quote.locale, {style: 'currency', currency: p.quote.currency}).format(Number(amount));

const date = (p: Props, day: string): string =>
  new Intl.DateTimeFormat(p.quote.locale, {dateStyle: 'long', timeZone: 'UTC'}).format(new Date(`${day}T00:00:00Z`));

const filled = (words: string, name: string, value: string): string => words.replace(`{{ ${name} }}`, value);

const column = (gap: number): React.CSSProperties => ({display: 'flex', flexDirection: 'column', gap});
const row = (gap: number): React.CSSProperties => ({display: 'flex', flexDirection: 'row', gap, alignItems: 'center'});
const display = (size: number, weight = 700, lineHeight = 1.15): React.CSSProperties => ({
  fontFamily: 'Inter Display',
  fontWeight: weight,
  fontSize: size,
  lineHeight,
  textWrap: 'balance',
});
const body = (size: number, weight = 500, lineHeight = 1.3): React.CSSProperties => ({
  fontFamily: 'Inter',
  fontWeight: weight,
  fontSize: size,
  lineHeight,
});
const tabular: React.CSSProperties = {fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap'};

const Page: React.FC<{gap: number; between?: boolean; children: React.ReactNode}> = ({gap, between, children}) => (
  <AbsoluteFill
    style={{
      ...column(gap),
      padding: '270px 65px 380px',
      justifyContent: between ? 'space-between' : 'center',
      color: 'white',
    }}
  >
    {children}
  </AbsoluteFill>
);

const Backdrop: React.FC<{c: Palette}> = ({c}) => (
  <AbsoluteFill style={{background: `linear-gradient(160deg, ${c.deep}, ${c.deeper})`, overflow: 'hidden'}}>
    {[
      {box: {top: -420, right: -460, width: 1200, height: 1200}, alpha: 0.55},
      {box: {bottom: -520, left: -420, width: 1100, height: 1100}, alpha: 0.3},
    ].map(({box, alpha}) => (
      <div
        key={alpha}
        style={{
          ...box,
          position: 'absolute',
          borderRadius: '50%',
          background: `radial-gradient(closest-side, ${c.glow(alpha)}, ${c.glow(0)})`,
        }}
      />
    ))}
  </AbsoluteFill>
);

const Opening: React.FC<SceneProps> = ({p, c}) => {
  const {quote, company} = p.quote;
  const wipe = useEntrance(0.1, 0.4);
  return (
    <Page gap={0} between>
      <div style={{...column(36), alignItems: 'flex-start'}}>
        {p.logo ? (
          <div style={{padding: 36, background: 'white', borderRadius: 40, boxShadow: `0 18px 60px ${c.shade}`}}>
            <Img src={staticFile(p.logo)} style={{display: 'block', height: 190, maxWidth: 560}} />
          </div>
        ) : null}
        <div style={display(62)}>{company.name}</div>
      </div>
      <div style={column(24)}>
        <div
          style={{
            width: 120,
            height: 10,
            marginBottom: 14,
            borderRadius: 5,
            background: c.accent,
            clipPath: `inset(0 ${(1 - wipe) * 100}% 0 0)`,
          }}
        />
        <Enter delay={0.16} style={{...body(50, 600, 1.32), color: c.accent}}>
          {p.words.quote}
        </Enter>
        <Enter delay={0.24} style={{...display(128, 800, 1.04), letterSpacing: '-0.015em', whiteSpace: 'nowrap'}}>
          {quote.number}
        </Enter>
        <Enter delay={0.32} style={{...body(50, 500, 1.32), color: c.soft}}>
          {date(p, quote.issuedAt)}
        </Enter>
      </div>
    </Page>
  );
};

const Customer: React.FC<SceneProps> = ({p, c}) => {
  const {quote, customer, seller} = p.quote;
  return (
    <Page gap={56}>
      <div style={column(24)}>
        <Enter delay={0.2} style={{...body(40, 600), color: c.accent}}>
          {p.words.preparedFor}
        </Enter>
        <Enter delay={0.28} style={{...display(92, 800, 1.1), letterSpacing: '-0.01em'}}>
          {customer.name}
        </Enter>
        {customer.contactName ? (
          <Enter delay={0.36} style={{...body(50), color: c.soft}}>
            {filled(p.words.attention, 'name', customer.contactName)}
          </Enter>
        ) : null}
      </div>
      {quote.title || quote.notes ? (
        <Enter
          delay={0.45}
          style={{
            ...column(24),
            padding: 44,
            borderRadius: 44,
            background: 'rgb(255 255 255 / 0.08)',
            border: '2px solid rgb(255 255 255 / 0.16)',
          }}
        >
          <div style={display(62)}>{quote.title}</div>
          <div style={{...body(40, 500, 1.35), color: c.soft, whiteSpace: 'pre-line'}}>{quote.notes}</div>
        </Enter>
      ) : null}
      {seller ? (
        <Enter delay={0.54} style={row(36)}>
          {p.sellerPhoto ? (
            <Img
              src={staticFile(p.sellerPhoto)}
              style={{width: 132, height: 132, borderRadius: '50%', objectFit: 'cover', objectPosition: '50% 30%'}}
            />
          ) : null}
          <div style={column(8)}>
            <div style={body(50, 600)}>{seller.name}</div>
            <div style={{...body(40), color: c.soft}}>{seller.role ?? p.words.yourContact}</div>
          </div>
        </Enter>
      ) : null}
    </Page>
  );
};

const amountOfItem = (p: Props, item: Item): string => {
  const count = `${new Intl.NumberFormat(p.quote.locale).format(Number(item.quantity ?? 1))} ${item.unit ?? ''}`.trim();
  return item.unitPrice && item.quantity !== '1' ? `${count} × ${money(p, item.unitPrice)}` : count;
};

const Items: React.FC<SceneProps> = ({p, c}) => (
  <Page gap={36}>
    <Enter delay={0.2} style={display(62)}>
      {p.words.included}
    </Enter>
    <Enter
      delay={0.28}
      style={{padding: '24px 44px', background: 'white', borderRadius: 44, boxShadow: `0 24px 80px ${c.shade}`}}
    >
      {p.items.slice(0, 6).map((item, at) => (
        <Enter
          key={at}
          delay={0.4 + 0.07 * at}
          rise={28}
          style={{...row(24), padding: '26px 0', borderTop: at === 0 ? 'none' : `2px solid ${c.line}`}}
        >
          {item.picture ? (
            <Img
              src={staticFile(item.picture)}
              style={{width: 92, height: 92, borderRadius: 16, objectFit: 'cover', background: c.tint}}
            />
          ) : null}
          <div style={{...column(8), flex: 1, minWidth: 0}}>
            <div style={{...body(44, 600, 1.2), color: c.ink, textWrap: 'balance'}}>{item.name}</div>
            <div style={{...body(40, 500, 1.25), ...tabular, color: c.softInk}}>{amountOfItem(p, item)}</div>
          </div>
          {item.total ? (
            <div style={{...body(44, 700, 1.2), ...tabular, color: c.ink}}>{money(p, item.total)}</div>
          ) : null}
        </Enter>
      ))}
    </Enter>
  </Page>
);

const Totals: React.FC<SceneProps> = ({p, c}) => {
  const frame = useCurrentFrame();
  const {fps} = useVideoConfig();
  const {totals, currency, paymentTerms, deliveryTerms} = p.quote;
  const total = Number(totals.total);
  const counted = interpolate(frame, [0.2 * fps, 1.5 * fps], [0, total], {
    extrapolateLeft: 'clamp',
    extrapolateRight: 'clamp',
    easing: Easing.out(Easing.poly(4)),
  });
  const shown = counted >= total ? total : Math.round(counted);
  const percent = new Intl.NumberFormat(p.quote.locale, {style: 'percent', maximumFractionDigits: 2});
  const sums: [string, string, string][] = [];
  if (totals.subtotal) sums.push([p.words.subtotal, money(p, totals.subtotal), 'white']);
  if (Number(totals.discount ?? 0)) sums.push([p.words.discount, `−${money(p, totals.discount)}`, c.accent]);
  for (const tax of totals.taxes ?? []) {
    sums.push([`${tax.name} ${tax.rate ? percent.format(Number(tax.rate)) : ''}`, money(p, tax.amount), 'white']);
  }
  return (
    <Page gap={56}>
      <div style={column(24)}>
        {sums.map(([label, amount, color], at) => (
          <Enter key={at} delay={0.2 + 0.07 * at} style={{...row(36), justifyContent: 'space-between'}}>
            <div style={{...body(44, 500, 1.25), color: c.soft}}>{label}</div>
            <div style={{...body(44, 600, 1.25), ...tabular, color}}>{amount}</div>
          </Enter>
        ))}
      </div>
      <Enter
        delay={0.28}
        grow
        style={{
          ...column(24),
          padding: '56px 44px',
          borderRadius: 44,
          background: c.accent,
          color: c.onAccent,
          boxShadow: `0 24px 80px ${c.shade}`,
        }}
      >
        <div style={body(50, 600, 1.32)}>{`${p.words.total} · ${currency}`}</div>
        <div style={{...display(150, 800, 1.06), ...tabular, letterSpacing: '-0.02em'}}>{money(p, shown)}</div>
      </Enter>
      <div style={column(24)}>
        {[paymentTerms, deliveryTerms].filter(Boolean).map((terms: string, at: number) => (
          <Enter
            key={at}
            delay={0.36 + 0.08 * at}
            style={{...body(40, 500, 1.35), color: c.soft, textWrap: 'balance'}}
          >
            {terms}
          </Enter>
        ))}
      </div>
    </Page>
  );
};

const ICONS = {
  chat: 'M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H10.5L6 21v-4H4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z',
  phone: 'M8 2h8a2 2 0 0 1 2 2v16a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2z M8 5v11.5h8V5z',
  mail: 'M3 5h18a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z M12 13.1L4.5 7.4L3.6 8.6L12 15L20.4 8.6L19.5 7.4z',
  globe: 'M12 2a10 10 0 1 1 0 20a10 10 0 1 1 0-20z M12 3.8a8.2 8.2 0 1 0 0 16.4a8.2 8.2 0 1 0 0-16.4z M3 11.1h18v1.8H3z',
  calendar: 'M7 2h2v2h6V2h2v2h2a2 2 0 0 1 2 2v13a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2h2z M5 9v10h14V9z',
  check: 'M9.5 17.8L3.8 12.1L5.7 10.2L9.5 14L18.3 5.2L20.2 7.1z',
};

const Icon: React.FC<{name: keyof typeof ICONS; color: string}> = ({name, color}) => (
  <svg width={46} height={46} viewBox="0 0 24 24" style={{flexShrink: 0}}>
    <path d={ICONS[name]} fill={color} fillRule="evenodd" />
  </svg>
);

const Code: React.FC<{data: string; color: string}> = ({data, color}) => {
  const {path, modules} = useMemo(() => {
    const code = qrcode(0, 'M');
    code.addData(data);
    code.make();
    const side = code.getModuleCount();
    let squares = '';
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) if (code.isDark(y, x)) squares += `M${x} ${y}h1v1h-1z`;
    }
    return {path: squares, modules: side};
  }, [data]);
  return (
    <svg width={430} height={430} viewBox={`-4 -4 ${modules + 8} ${modules + 8}`} shapeRendering="crispEdges">
      <path d={path} fill={color} />
    </svg>
  );
};

const NextStep: React.FC<SceneProps> = ({p, c}) => {
  const {quote, company, seller} = p.quote;
  const contacts: [keyof typeof ICONS, string | undefined][] = [
    ['chat', company.whatsapp],
    ['phone', seller?.phone ?? company.phone],
    ['mail', seller?.email ?? company.email],
    ['globe', company.website],
  ];
  return (
    <Page gap={84}>
      <div style={column(36)}>
        <Enter delay={0.2} style={{...display(92, 800, 1.1), letterSpacing: '-0.01em'}}>
          {p.words.nextStep}
        </Enter>
        {quote.validUntil ? (
          <Enter
            delay={0.28}
            style={{...row(24), alignSelf: 'flex-start', padding: '24px 36px', borderRadius: 16, background: c.accent}}
          >
            <Icon name="calendar" color={c.onAccent} />
            <div style={{...body(40, 600, 1.35), color: c.onAccent}}>
              {filled(p.words.validUntil, 'date', date(p, quote.validUntil))}
            </div>
          </Enter>
        ) : null}
        <div style={column(24)}>
          {contacts.map(([icon, words], at) =>
            words ? (
              <Enter key={icon} delay={0.36 + 0.07 * at} style={row(24)}>
                <Icon name={icon} color={c.accent} />
                <div style={{...body(50, 500, 1.32), ...tabular}}>{words}</div>
              </Enter>
            ) : null,
          )}
        </div>
      </div>
      {quote.acceptUrl ? (
        <Enter
          delay={0.3}
          rise={72}
          style={{
            ...row(24),
            padding: '24px 36px 24px 24px',
            background: 'white',
            borderRadius: 44,
            boxShadow: `0 24px 80px ${c.shade}`,
          }}
        >
          <Code data={quote.acceptUrl} color={c.ink} />
          <div style={{...column(14), flex: 1, minWidth: 0}}>
            <Icon name="check" color={c.ink} />
            <div style={{...display(50), color: c.ink}}>{p.words.scanToAccept}</div>
          </div>
        </Enter>
      ) : null}
    </Page>
  );
};

const SCENES = [Opening, Customer, Items, Totals, NextStep];

/** The whole video. */
export const Quote: React.FC<Props> = (p) => {
  useFonts();
  const {fps} = useVideoConfig();
  const c = useMemo(() => palette(p.quote.company.brand), [p.quote.company.brand]);
  const transition = Math.round(TRANSITION_S * fps);
  return (
    <AbsoluteFill>
      <Backdrop c={c} />
      {SCENES.map((Scene, at) => {
        const from = p.scenes[at];
        const next = at + 1 < SCENES.length ? p.scenes[at + 1] : null;
        return (
          <Sequence key={at} from={from} durationInFrames={(next === null ? p.frames : next + transition) - from}>
            <Slide first={at === 0} leavesAt={next === null ? null : next - from}>
              <Scene p={p} c={c} />
            </Slide>
          </Sequence>
        );
      })}
    </AbsoluteFill>
  );
};
