// The composition's frame: size, rate, and a length that comes with the props.
import React from 'react';
import {Composition} from 'remotion';
import {Quote, type Props} from './Quote';

export const Root: React.FC = () => (
  <Composition
    id="quote"
    component={Quote as unknown as React.FC<Record<string, unknown>>}
    width={1080}
    height={1920}
    fps={30}
    durationInFrames={1}
    defaultProps={{}}
    calculateMetadata={({props}) => {
      const {frames, fps} = props as unknown as Props;
      return {durationInFrames: frames, fps};
    }}
  />
);
