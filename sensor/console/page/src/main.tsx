import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import 'uplot/dist/uPlot.min.css';
import './style.css';
import type { Status } from './api';
import { Campaign, Campaigns } from './campaigns';
import { A, Frame } from './frame';
import { Message, Messages } from './messages';
import { Findings, Help, Sensor } from './others';
import { Overview } from './overview';
import { useAnswer, usePlace } from './place';
import { Draft, Source, Sources } from './sources';

function Page() {
  const place = usePlace();
  const status = useAnswer<Status>('status', {}).value;
  const [, page, id] = place.path.split('/');
  useEffect(() => { document.title = (id || page || 'overview') + ' · popupwatch'; }, [page, id]);
  return <Frame place={place} status={status}>{show()}</Frame>;

  function show() {
    switch (page) {
      case '': return <Overview place={place} status={status} />;
      case 'campaigns': return id ? <Campaign place={place} id={id} /> : <Campaigns place={place} />;
      case 'sources': return id ? <Source place={place} ip={id} /> : <Sources place={place} />;
      case 'messages': return id ? <Message place={place} id={id} /> : <Messages place={place} />;
      case 'findings': return <Findings place={place} />;
      case 'drafts': return <Draft id={id} />;
      case 'sensor': return <Sensor place={place} status={status} />;
      case 'help': return <Help />;
    }
    return <p class="failed">There is no such page. <A to="/">Overview</A></p>;
  }
}

render(<Page />, document.getElementById('page')!);
