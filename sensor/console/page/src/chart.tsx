import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { Timeline } from './api';
import { number, verdicts } from './words';

// Counts over time: bars that stand on each other, zoomed by dragging, and the same as a table.

interface Series { name: string; label: string; counts: number[] }

const of = (t: Timeline): Series[] => (['spam', 'suspect', 'clean', 'exploit'] as const).map((name) => ({ name, label: verdicts[name], counts: t[name] })).filter((s) => s.name === 'spam' || s.counts.some(Boolean));

const moment = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');

export function Popups({ timeline, title, zoom }: { timeline: Timeline; title: string; zoom?: (from: string, to: string) => void }) {
  return <Chart at={timeline.at} step={timeline.step} series={of(timeline)} title={title} zoom={zoom} />;
}

export function Chart({ at, step, series, title, zoom }: { at: number[]; step: number; series: Series[]; title: string; zoom?: (from: string, to: string) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const [theme, setTheme] = useState(0);
  useEffect(() => {
    const changed = () => setTheme((n) => n + 1);
    addEventListener('theme', changed);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', changed);
    return () => { removeEventListener('theme', changed); scheme.removeEventListener('change', changed); };
  }, []);
  useEffect(() => {
    const own = box.current;
    if (!own || !at.length) return;
    const plot = draw(own, at, step, series, zoom);
    const sized = new ResizeObserver(() => own.isConnected && plot.setSize({ width: own.clientWidth, height: 220 }));
    sized.observe(own);
    return () => { sized.disconnect(); plot.destroy(); };
  }, [at, series.map((s) => s.counts.join()).join(';'), theme]);
  const total = series.reduce((sum, s) => sum + s.counts.reduce((a, b) => a + b, 0), 0);
  return (
    <figure class="chart">
      <figcaption>{title} <span class="keys">{series.map((s) => <span><i class={'key ' + s.name} />{s.label}</span>)}</span></figcaption>
      <div ref={box} class="plot" role="img" aria-label={`${title}: ${number(total)} in all. The table below says the same.`} />
      <details><summary>As a table{zoom ? ' (drag over the picture to zoom)' : ''}</summary>
        <div class="scroll" tabIndex={0} role="region" aria-label={title + ', as a table'}>
          <table><thead><tr><th scope="col">From (UTC)</th>{series.map((s) => <th scope="col" class="n">{s.label}</th>)}</tr></thead>
            <tbody>{at.map((t, i) => series.some((s) => s.counts[i]) && <tr><th scope="row">{moment(t)}</th>{series.map((s) => <td class="n">{number(s.counts[i])}</td>)}</tr>)}</tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

// clock writes the ticks of time: as much of a moment as tells it from the next, and the day where it is another.
function clock(_: uPlot, ticks: number[], _axis: number, _space: number, step: number): string[] {
  let last = '';
  return ticks.map((t) => {
    const text = new Date(t * 1000).toISOString(), day = text.slice(0, 10);
    if (step >= 28 * 86400) return text.slice(0, 7);
    if (step >= 86400) return day;
    const changed = day !== last;
    last = day;
    return text.slice(11, step >= 60 ? 16 : 19) + (changed ? '\n' + day : '');
  });
}

// draw makes the picture. The sum of all is drawn first, and the lower ones over it.
function draw(box: HTMLElement, at: number[], step: number, series: Series[], zoom?: (from: string, to: string) => void): uPlot {
  const style = getComputedStyle(box);
  const colour = (name: string) => style.getPropertyValue('--' + name).trim();
  const sums = series.map((_, i) => at.map((_, j) => series.slice(0, i + 1).reduce((sum, s) => sum + s.counts[j], 0)));
  const axis = { stroke: colour('quiet'), grid: { stroke: colour('line'), width: 1 }, ticks: { stroke: colour('line'), width: 1 }, font: '12px system-ui, sans-serif' };
  return new uPlot({
    width: box.clientWidth, height: 220, tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), 'Etc/UTC'), legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: !!zoom, y: false, setScale: false } },
    scales: { x: { range: () => [at[0] - step / 2, at[at.length - 1] + step / 2] }, y: { range: (_, _min, max) => [0, Math.max(1, max * 1.05)] } },
    axes: [{ ...axis, values: clock, space: 90 }, { ...axis, size: 56, values: (_, ticks) => ticks.map((t) => (Number.isInteger(t) ? number(t) : '')) }],
    series: [{}, ...series.map((s, i) => ({ label: s.label, fill: colour(s.name), stroke: colour(s.name), width: 0, paths: uPlot.paths.bars!({ size: [0.9, 60], align: 0 }), show: true, points: { show: false }, i })).reverse()],
    hooks: {
      setSelect: [(u) => {
        if (!zoom || u.select.width < 4) return;
        const from = Math.floor(u.posToVal(u.select.left, 'x') + step / 2), to = Math.ceil(u.posToVal(u.select.left + u.select.width, 'x') + step / 2);
        zoom(new Date(from * 1000).toISOString(), new Date(to * 1000).toISOString());
      }],
    },
  }, [at, ...sums.reverse()] as uPlot.AlignedData, box);
}
