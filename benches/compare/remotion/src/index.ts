// Where Remotion's bundler starts: registers the one composition.
import {registerRoot} from 'remotion';
import {Root} from './Root';

registerRoot(Root);
