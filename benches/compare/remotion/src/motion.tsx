// How things move: springs for what enters, a slide from scene to scene.
import React from 'react';
import {AbsoluteFill, Easing, interpolate, spring, useCurrentFrame, useVideoConfig} from 'remotion';

/** Seconds in which one scene takes over from the one before. */
export const TRANSITION_S = 0.5;

const SLIDE = Easing.bezier(0.65, 0, 0.2, 1);

/** A spring from 0 to 1 that starts `delay` seconds into the scene. */
export const useEntrance = (delay: number, seconds = 0.6): number => {
  const frame = useCurrentFrame();
  const {fps} = useVideoConfig();
  return spring({
    frame: frame - Math.round(delay * fps),
    fps,
    config: {damping: 200},
    durationInFrames: Math.round(seconds * fps),
  });
};

type EnterProps = {
  delay: number;
  rise?: number;
  grow?: boolean;
  style?: React.CSSProperties;
  children: React.ReactNode;
};

/** Children that rise (or grow) and fade in. */
export const Enter: React.FC<EnterProps> = ({delay, rise = 56, grow = false, style, children}) => {
  const come = useEntrance(delay);
  const transform = grow ? `scale(${0.92 + 0.08 * come})` : `translateY(${(1 - come) * rise}px)`;
  return <div style={{...style, opacity: Math.min(1, come), transform}}>{children}</div>;
};

/** A scene: slides in from the right (but for the first) and out to the left (but for the last). */
export const Slide: React.FC<{first: boolean; leavesAt: number | null; children: React.ReactNode}> = ({
  first,
  leavesAt,
  children,
}) => {
  const frame = useCurrentFrame();
  const {fps, width} = useVideoConfig();
  const length = TRANSITION_S * fps;
  const clamp = {extrapolateLeft: 'clamp', extrapolateRight: 'clamp', easing: SLIDE} as const;
  const arriving = first ? 0 : interpolate(frame, [0, length], [width, 0], clamp);
  const leaving = leavesAt === null ? 0 : interpolate(frame, [leavesAt, leavesAt + length], [0, -width], clamp);
  return <AbsoluteFill style={{transform: `translateX(${arriving + leaving}px)`}}>{children}</AbsoluteFill>;
};
