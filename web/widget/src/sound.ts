import { forget, keep, recall } from "./store";

// A short tone for an answer that comes while the page is not looked at; the visitor may switch it off.

export const muted = () => !!recall("mute");
export const mute = () => (muted() ? forget("mute") : keep("mute", "1"));

// Of several tabs of one visitor one rings.
export function ring(at: string) {
  if (!document.hidden || muted() || (recall("rung") ?? "") >= at) return;
  keep("rung", at);
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  volume.gain.value = 0.1;
  tone.connect(volume).connect(audio.destination);
  tone.onended = () => audio.close();
  tone.start();
  tone.stop(0.2);
}
