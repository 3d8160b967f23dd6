// An application with the official JavaScript SDK. It calls every operation and
// parses every callback with the SDK's own parser:
//
//   node client.mjs PACKAGES SIMULATOR KEY STREAM
//
// PACKAGES is the folder whose node_modules has the SDK, SIMULATOR the URL of the
// simulator, STREAM a WebSocket that accepts frames. It prints the port that it
// listens on, waits for a line on stdin, and then prints one line for each step. It
// exits with 1 at the first step that fails.

import assert from "node:assert/strict";
import http from "node:http";
import path from "node:path";
import { createRequire } from "node:module";
import { once } from "node:events";

const [packages, simulator, key, stream] = process.argv.slice(2);
const require = createRequire(path.join(packages, "package.json"));
const sdk = require("@azure/communication-call-automation");
const fromSDK = createRequire(require.resolve("@azure/communication-call-automation"));
const { createDefaultHttpClient } = fromSDK("@azure/core-rest-pipeline");

const resource = "5a1e0ad2-0000-4000-8000-0000000000ac";
const line = { teamsAppId: "cc123456-5678-5678-1234-ccc123456789", cloud: "public" };
const lineRawID = "28:orgid:" + line.teamsAppId;
const caller = { phoneNumber: "+12065550100" };
const agent = user("agent");
const expert = user("expert");

function user(name) {
  return { communicationUserId: `8:acs:${resource}_${name}` };
}

// The URLs of recordings have the service's own hosts, because the SDK accepts no
// others. Their requests are sent to the simulator, like all requests.
const web = createDefaultHttpClient();
const httpClient = {
  sendRequest(request) {
    const url = new URL(request.url);
    request.url = simulator + url.pathname + url.search;
    request.allowInsecureConnection = true;
    return web.sendRequest(request);
  },
};
const client = new sdk.CallAutomationClient(`endpoint=${simulator}/;accesskey=${key}`, { httpClient });
const recordings = client.getCallRecording();

// The events that the application has received.
const events = [];
const offers = [];
const files = [];
const waiting = new Set();
const kinds = new Set();

async function receive(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const batch = JSON.parse(Buffer.concat(chunks).toString());
  for (const event of batch) {
    switch (event.eventType) {
      case "Microsoft.EventGrid.SubscriptionValidationEvent":
        response.end(JSON.stringify({ validationResponse: event.data.validationCode }));
        return;
      case "Microsoft.Communication.IncomingCall":
        offers.push(event.data);
        break;
      case "Microsoft.Communication.RecordingFileStatusUpdated":
        files.push(event.data);
        break;
      default: {
        const parsed = sdk.parseCallAutomationEvent(event);
        kinds.add(parsed.kind);
        events.push(parsed);
      }
    }
  }
  response.end();
  for (const look of waiting) look();
}

// until waits until a predicate holds for the received events, and returns its value.
function until(what, find) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      waiting.delete(look);
      reject(new Error(`no ${what}; there were ${events.map((e) => e.kind + " " + (e.operationContext ?? "")).join(", ")}`));
    }, 20_000);
    const look = () => {
      const found = find();
      if (!found) return;
      clearTimeout(late);
      waiting.delete(look);
      resolve(found);
    };
    waiting.add(look);
    look();
  });
}

// event waits for an event of a kind and an operation.
function event(kind, context) {
  return until(`${kind} ${context ?? ""}`, () =>
    events.find((e) => e.kind === kind && (context === undefined || e.operationContext === context)));
}

async function control(method, at, body) {
  const answer = await fetch(simulator + "/sim/" + at, { method, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${at}: ${answer.status} ${await answer.clone().text()}`);
  return answer.status === 204 ? undefined : answer.json();
}

const phone = (id, script) => control("PUT", "phones/" + encodeURIComponent(id.phoneNumber ?? id.communicationUserId), { script });
const ring = (script, to = lineRawID) => control("POST", "calls", { from: caller.phoneNumber, to, script });

let offered = 0;
async function offer() {
  const context = (await until("IncomingCall", () => offers[offered])).incomingCallContext;
  offered++;
  return context;
}

const server = http.createServer(receive);
server.listen(0, "127.0.0.1");
await once(server, "listening");
const self = `http://127.0.0.1:${server.address().port}`;
console.log(self);
await once(process.stdin, "data");

const callbacks = self + "/callbacks";
const speech = { callIntelligenceOptions: { cognitiveServicesEndpoint: "https://speech.example" } };
const streams = {
  mediaStreamingOptions: { transportType: "websocket", transportUrl: stream, audioChannelType: "mixed", contentType: "audio", audioFormat: "pcm16KMono" },
  transcriptionOptions: { transportType: "websocket", transportUrl: stream, locale: "en-US" },
};
const music = { kind: "fileSource", url: "https://music.example/a.wav" };
const text = (words) => ({ kind: "textSource", text: words, voiceName: "en-US-NancyNeural" });

// answered rings the application, answers with options and returns the call.
async function answered(script, context, options = {}) {
  await ring(script);
  const result = await client.answerCall(await offer(), callbacks, { ...speech, operationContext: context, ...options });
  await event("CallConnected", context);
  return result;
}

const steps = {
  async "reject a call"() {
    await ring();
    await client.rejectCall(await offer(), { callRejectReason: "busy" });
  },

  async "redirect a call"() {
    await ring("wait answer; hang up after 5s");
    await client.redirectCall(await offer(), { targetParticipant: agent });
  },

  async "answer, get and list"() {
    const { callConnection, callConnectionProperties } = await answered("", "look");
    assert.equal(callConnectionProperties.callConnectionState, "connecting");
    await event("ParticipantsUpdated");
    for (const [i, who] of [agent, expert, user("third")].entries()) {
      await callConnection.addParticipant({ targetParticipant: who }, { operationContext: "look" + i });
      await event("AddParticipantSucceeded", "look" + i);
    }
    const { values } = await callConnection.listParticipants();
    assert.equal(values.length, 4);
    const one = await callConnection.getParticipant(caller);
    assert.equal(one.identifier.phoneNumber, caller.phoneNumber);
    assert.equal((await callConnection.getCallConnectionProperties()).callConnectionState, "connected");
    await callConnection.hangUp(true);
    await event("CallDisconnected", "look");
  },

  async "play"() {
    const { callConnection } = await answered("", "play");
    const media = callConnection.getCallMedia();
    await media.playToAll([text("Welcome.")], { operationContext: "welcome" });
    await event("PlayCompleted", "welcome");
    await media.play([music], [caller], { loop: true, operationContext: "music" });
    await event("PlayStarted", "music");
    await media.cancelAllOperations();
    await event("PlayCanceled", "music");
    await callConnection.hangUp(false);
    await event("CallDisconnected", "play");
  },

  async "recognize keys, choices and speech"() {
    const { callConnection } = await answered('wait prompt; press 12; wait prompt; press 1; wait prompt; say "my bill"; wait prompt; press 3', "ask");
    const media = callConnection.getCallMedia();
    await media.startRecognizing(caller, {
      kind: "callMediaRecognizeDtmfOptions", maxTonesToCollect: 2, playPrompt: text("Two keys."), operationContext: "keys",
    });
    const keys = await event("RecognizeCompleted", "keys");
    assert.deepEqual(keys.dtmfResult.tones, ["one", "two"]);
    await media.startRecognizing(caller, {
      kind: "callMediaRecognizeChoiceOptions", choices: [{ label: "Yes", phrases: ["yes"], tone: "one" }], playPrompt: text("Choose."), operationContext: "choice",
    });
    assert.equal((await event("RecognizeCompleted", "choice")).choiceResult.label, "Yes");
    await media.startRecognizing(caller, {
      kind: "callMediaRecognizeSpeechOptions", endSilenceTimeoutInSeconds: 1, playPrompt: text("Speak."), operationContext: "speech",
    });
    assert.equal((await event("RecognizeCompleted", "speech")).speechResult.speech, "my bill");
    await media.startRecognizing(caller, {
      kind: "callMediaRecognizeSpeechOrDtmfOptions", maxTonesToCollect: 1, playPrompt: text("Either."), operationContext: "either",
    });
    assert.deepEqual((await event("RecognizeCompleted", "either")).dtmfResult.tones, ["three"]);
    await media.startRecognizing(caller, {
      kind: "callMediaRecognizeDtmfOptions", maxTonesToCollect: 1, initialSilenceTimeoutInSeconds: 3, operationContext: "silence",
    });
    assert.equal((await event("RecognizeFailed", "silence")).resultInformation.subCode, 8510);
    await callConnection.hangUp(true);
  },

  async "create, add, cancel, mute, hold and remove"() {
    const { callConnection } = await client.createCall({ targetParticipant: caller }, callbacks, { operationContext: "create", teamsAppSource: line, ...speech });
    await event("CallConnected", "create");
    await callConnection.addParticipant({ targetParticipant: agent }, { operationContext: "agent", invitationTimeoutInSeconds: 30 });
    assert.equal((await event("AddParticipantSucceeded", "agent")).participant.communicationUserId, agent.communicationUserId);
    await phone(expert, "no answer");
    const { invitationId } = await callConnection.addParticipant({ targetParticipant: expert }, { operationContext: "expert" });
    await callConnection.cancelAddParticipantOperation(invitationId, { operationContext: "cancel" });
    await event("CancelAddParticipantSucceeded", "cancel");
    await callConnection.muteParticipant(agent);
    await until("a muted participant", () => events.find((e) => e.kind === "ParticipantsUpdated" && e.participants.some((p) => p.isMuted)));
    const media = callConnection.getCallMedia();
    await media.hold(agent, { playSource: music });
    await until("a participant on hold", () => events.find((e) => e.kind === "ParticipantsUpdated" && e.participants.some((p) => p.isOnHold)));
    await media.unhold(agent);
    await callConnection.removeParticipant(agent, { operationContext: "remove" });
    await event("RemoveParticipantSucceeded", "remove");
    await callConnection.hangUp(true);
    await event("CallDisconnected", "create");
    await phone(expert, "answer");
  },

  async "a call that is not answered"() {
    await client.createCall({ targetParticipant: { phoneNumber: "+12065550183" } }, callbacks, { operationContext: "busy", teamsAppSource: line });
    assert.equal((await event("CreateCallFailed", "busy")).resultInformation.sipDetails.code, 486);
  },

  async "transfer"() {
    const { callConnection } = await answered("", "transfer");
    await callConnection.transferCallToParticipant(expert, { operationContext: "to expert" });
    await event("CallTransferAccepted", "to expert");
    await event("CallDisconnected", "transfer");
  },

  async "move"() {
    const first = await answered("", "first");
    const second = await client.createGroupCall([agent], callbacks, { operationContext: "second" });
    await event("CallConnected", "second");
    const from = second.callConnectionProperties.callConnectionId;
    const moved = await first.callConnection.moveParticipants([agent], from, { operationContext: "move" });
    assert.equal(moved.fromCall, from);
    await event("MoveParticipantSucceeded", "move");
    await first.callConnection.hangUp(true);
  },

  async "keys in both directions"() {
    const { callConnection, callConnectionProperties } = await answered("", "keys both ways");
    const media = callConnection.getCallMedia();
    await media.startContinuousDtmfRecognition(caller, { operationContext: "every key" });
    await control("POST", `calls/${callConnectionProperties.callConnectionId}/press`, { tones: "7" });
    assert.equal((await event("ContinuousDtmfRecognitionToneReceived", "every key")).tone, "seven");
    await media.stopContinuousDtmfRecognition(caller, { operationContext: "no more keys" });
    await event("ContinuousDtmfRecognitionStopped", "no more keys");
    await media.sendDtmfTones(["one", "pound"], caller, { operationContext: "send" });
    await event("SendDtmfTonesCompleted", "send");
    await callConnection.hangUp(true);
  },

  async "connect by serverCallId, groupCallId and roomId"() {
    const conversation = (more) => control("POST", "conversations", { people: [{ rawId: agent.communicationUserId }, { rawId: expert.communicationUserId }], ...more });
    const { id } = await conversation();
    const calls = await control("GET", "calls");
    const locators = [{ kind: "serverCallLocator", id: calls.find((c) => c.id === id).serverCallId }];
    await conversation({ groupId: "29228d3e-040e-4656-a70e-890ab4e173e4" });
    locators.push({ kind: "groupCallLocator", id: "29228d3e-040e-4656-a70e-890ab4e173e4" });
    await conversation({ roomId: "99123" });
    locators.push({ kind: "roomCallLocator", id: "99123" });
    for (const locator of locators) {
      const { callConnection } = await client.connectCall(locator, callbacks, { operationContext: locator.kind });
      await event("CallConnected", locator.kind);
      await callConnection.hangUp(true);
    }
    await client.connectCall({ kind: "roomCallLocator", id: "nowhere" }, callbacks, { operationContext: "nowhere" });
    await event("ConnectFailed", "nowhere");
  },

  async "streams"() {
    const { callConnection } = await answered('wait answer; wait 20s; say "hello there"', "streams", streams);
    const media = callConnection.getCallMedia();
    await media.startMediaStreaming({ operationContext: "sound" });
    await event("MediaStreamingStarted", "sound");
    await media.startTranscription({ locale: "en-US", operationContext: "words" });
    await event("TranscriptionStarted", "words");
    await media.updateTranscription("de-DE", { operationContext: "german" });
    await event("TranscriptionUpdated", "german");
    await media.stopTranscription({ operationContext: "no words" });
    await event("TranscriptionStopped", "no words");
    await media.stopMediaStreaming({ operationContext: "no sound" });
    await event("MediaStreamingStopped", "no sound");
    await callConnection.hangUp(true);
  },

  async "failures of participant operations"() {
    const { callConnection } = await answered("", "people");
    await phone(expert, "no answer");
    const { invitationId } = await callConnection.addParticipant({ targetParticipant: expert }, { operationContext: "rings" });
    await callConnection.removeParticipant(expert, { operationContext: "too early" });
    await event("RemoveParticipantFailed", "too early");
    await callConnection.cancelAddParticipantOperation(invitationId, { operationContext: "once" });
    await callConnection.cancelAddParticipantOperation(invitationId, { operationContext: "twice" });
    await event("CancelAddParticipantFailed", "twice");
    await phone(expert, "decline");
    await callConnection.addParticipant({ targetParticipant: expert }, { operationContext: "declines" });
    assert.equal((await event("AddParticipantFailed", "declines")).resultInformation.code, 603);
    await callConnection.transferCallToParticipant(expert, { operationContext: "declines too" });
    await event("CallTransferFailed", "declines too");
    await phone(expert, "answer");
    const other = await client.createCall({ targetParticipant: agent }, callbacks, { operationContext: "other" });
    await event("CallConnected", "other");
    await callConnection.moveParticipants([expert], other.callConnectionProperties.callConnectionId, { operationContext: "not there" });
    await event("MoveParticipantFailed", "not there");
    await callConnection.getCallMedia().startRecognizing(caller, { kind: "callMediaRecognizeDtmfOptions", maxTonesToCollect: 1, initialSilenceTimeoutInSeconds: 300, operationContext: "cut short" });
    await callConnection.getCallMedia().cancelAllOperations();
    await event("RecognizeCanceled", "cut short");
    await callConnection.hangUp(true);
    await other.callConnection.hangUp(true);
    for (let n = 0; !kinds.has("AnswerFailed"); n++) { // the caller has to be quicker than the network
      assert.ok(n < 50);
      const { id } = await ring();
      await client.answerCall(await offer(), callbacks, { operationContext: "late" + n });
      await control("POST", `calls/${id}/hangup`, {});
      await event("CallDisconnected", "late" + n);
    }
  },

  async "failures of the media service"() {
    const { callConnection, callConnectionProperties } = await answered("", "broken", streams);
    await control("PUT", "faults", { media: 1 });
    const media = callConnection.getCallMedia();
    await media.startContinuousDtmfRecognition(caller, { operationContext: "keys lost" });
    await media.playToAll([text("Lost.")], { operationContext: "playing" });
    await event("PlayFailed", "playing");
    await media.sendDtmfTones(["one"], caller, { operationContext: "tones lost" });
    await event("SendDtmfTonesFailed", "tones lost");
    await media.hold(caller, { operationContext: "hold lost" });
    await event("HoldFailed", "hold lost");
    await media.startMediaStreaming({ operationContext: "sound lost" });
    await event("MediaStreamingFailed", "sound lost");
    await media.startTranscription({ locale: "en-US", operationContext: "words lost" });
    await event("TranscriptionFailed", "words lost");
    await control("POST", `calls/${callConnectionProperties.callConnectionId}/press`, { tones: "1" });
    await event("ContinuousDtmfRecognitionToneFailed", "keys lost");
    await recordings.start({
      callConnectionId: callConnectionProperties.callConnectionId, recordingContent: "audio", recordingFormat: "wav", recordingStateCallbackEndpointUrl: callbacks,
    });
    await event("StartRecordingFailed");
    await control("PUT", "faults", {});
    await callConnection.hangUp(true);
  },

  async "record, pause, resume, stop, download and delete"() {
    const { callConnection, callConnectionProperties } = await answered("wait answer; talk 60s", "record");
    const started = await recordings.start({
      callConnectionId: callConnectionProperties.callConnectionId, recordingContent: "audio", recordingChannel: "mixed",
      recordingFormat: "wav", recordingStateCallbackEndpointUrl: callbacks,
    });
    const state = (want, n) => until(`recording ${want}`, () => events.filter((e) => e.kind === "RecordingStateChanged" && e.state === want)[n - 1]);
    await state("active", 1);
    await recordings.pause(started.recordingId);
    await state("inactive", 1);
    assert.equal((await recordings.getState(started.recordingId)).recordingState, "inactive");
    await recordings.resume(started.recordingId);
    await state("active", 2);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await recordings.stop(started.recordingId);
    await callConnection.hangUp(true);
    const file = await until("a recording", () => files[0]);
    const chunk = file.recordingStorageInfo.recordingChunks[0];
    const chunks = [];
    for await (const part of await recordings.downloadStreaming(chunk.contentLocation)) chunks.push(part);
    const wav = Buffer.concat(chunks);
    assert.equal(wav.subarray(0, 4).toString(), "RIFF");
    assert.equal(Math.floor((wav.length - 44) / 32), file.recordingDurationMs);
    const parts = [];
    for await (const part of await recordings.downloadStreaming(chunk.contentLocation, { offset: 44, length: 100 })) parts.push(part);
    assert.deepEqual(Buffer.concat(parts), wav.subarray(44, 144));
    await recordings.delete(chunk.deleteLocation);
    await assert.rejects(recordings.downloadStreaming(chunk.contentLocation), { status: 404 });
  },
};

for (const [name, step] of Object.entries(steps)) {
  try {
    await step();
  } catch (e) {
    console.log(`FAIL ${name}: ${e.stack ?? JSON.stringify(e)}`);
    process.exit(1);
  }
  console.log(`ok ${name}`);
}
console.log(`parsed ${kinds.size}: ${[...kinds].sort().join(" ")}`);
assert.equal(kinds.size, 38);
process.exit(0);
