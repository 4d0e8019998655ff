import type { Evidence } from './api';

// Evidence as a waterfall of decibans: each row begins where the one before ended. To the right is forged.

const sign = (n: number) => (n > 0 ? '+' : n < 0 ? '−' : '') + Math.abs(n).toFixed(1);

export function Waterfall({ rows, sum }: { rows: Evidence[]; sum: number }) {
  let at = 0;
  const bars = rows.filter((r) => r.group !== 'rule').map((r) => { const from = at; at += r.decibans; return { r, from, to: at }; });
  const low = Math.min(-10, ...bars.map((b) => Math.min(b.from, b.to))), high = Math.max(30, ...bars.map((b) => Math.max(b.from, b.to)));
  const x = (v: number) => 40 + ((v - low) / (high - low)) * 640;
  const height = bars.length * 26 + 40;
  const ticks = Array.from({ length: Math.floor((high - low) / 10) + 1 }, (_, i) => Math.ceil(low / 10) * 10 + i * 10).filter((t) => t <= high);
  return (
    <svg class="waterfall" viewBox={`0 0 720 ${height}`} role="img" aria-label={`Evidence adds up to ${sign(sum)} decibans; ${bars.map((b) => `${b.r.group} ${sign(b.r.decibans)}`).join(', ')}`}>
      {ticks.map((t) => <g><line class={t === 20 ? 'threshold' : 'grid'} x1={x(t)} x2={x(t)} y1="4" y2={height - 22} /><text x={x(t)} y={height - 6} text-anchor="middle">{t}{t === 20 ? ' dB: probably forged' : ''}</text></g>)}
      {bars.map((b, i) => (
        <g>
          <rect class={b.r.decibans > 0 ? 'for' : 'against'} x={x(Math.min(b.from, b.to))} width={Math.max(1, Math.abs(x(b.to) - x(b.from)))} y={8 + i * 26} height="18" />
          <text x={b.to > (low + high) * 0.7 ? x(Math.min(b.from, b.to)) - 6 : x(Math.max(b.from, b.to)) + 6} text-anchor={b.to > (low + high) * 0.7 ? 'end' : 'start'} y={21 + i * 26}>{b.r.group} {b.r.id} {sign(b.r.decibans)}</text>
        </g>
      ))}
    </svg>
  );
}

export function Rows({ rows }: { rows: Evidence[] }) {
  return (
    <ul class="evidence">
      {rows.map((r) => (
        <li><span class="weight">{r.group === 'rule' ? 'rule' : sign(r.decibans) + ' dB'}</span> <span class="where">{r.group} {r.id}</span> <span>{r.text}{r.packets.length > 0 && <span class="quiet"> [{r.packets.length === 1 ? 'frame' : 'frames'} {r.packets.slice(0, 16).join(', ')}{r.packets.length > 16 ? ', …' : ''}]</span>}</span></li>
      ))}
    </ul>
  );
}
