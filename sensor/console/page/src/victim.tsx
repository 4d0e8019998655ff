import { useState } from 'preact/hooks';
import type { Sample } from './api';
import { Plain } from './words';

// The popup as the victim saw it: the message box of the Messenger service, in Windows 2000 and in Windows XP.

// stamp is a moment as csrss wrote it in the box, for the United States.
function stamp(text: string): string {
  const d = new Date(text);
  const hours = d.getUTCHours();
  const two = (n: number) => String(n).padStart(2, '0');
  return `${d.getUTCMonth() + 1}/${d.getUTCDate()}/${d.getUTCFullYear()} ${hours % 12 || 12}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())} ${hours < 12 ? 'AM' : 'PM'}`;
}

export function Victim({ sample, at }: { sample: Sample; at: string }) {
  const [look, set] = useState('2000');
  return (
    <figure class="victim">
      <figcaption>As the victim saw it, in Windows <select aria-label="Version of Windows" value={look} onChange={(e) => set(e.currentTarget.value)}><option>2000</option><option>XP</option></select></figcaption>
      <div class={'desktop windows' + look}>
        <div class="box" role="group" aria-label="The popup">
          <div class="titlebar"><span>Messenger Service</span><span class="close" aria-hidden="true">×</span></div>
          <div class="says">
            <p>Message from <Plain text={sample.from} max={300} /> to <Plain text={sample.to} max={300} /> on {stamp(at)}</p>
            <div class="text" tabIndex={0} role="region" aria-label="Text of the popup"><Plain text={sample.text} lines /></div>
          </div>
          <div class="ok" aria-hidden="true"><span><u>O</u>K</span></div>
        </div>
      </div>
    </figure>
  );
}
