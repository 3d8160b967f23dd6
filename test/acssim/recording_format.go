package acssim

import (
	"net/http"
	"net/url"
	"slices"
)

// recordingFormat is the requested format of a recording.
type recordingFormat struct {
	content  string         // audio or audioVideo
	channel  string         // mixed or unmixed
	format   string         // wav, mp3 or mp4; the bytes are those of a WAV file in any case
	channels map[string]int // of unmixed audio, by raw id; other people get the next free one
	storage  *externalStorage
}

// Source: ChannelAffinity and RecordingStorageInfo (externalStorage),
// communicationservicescallautomation.json, stable/2026-03-12.
type (
	channelAffinity struct {
		Channel     *int        `json:"channel"`
		Participant *identifier `json:"participant"`
	}
	externalStorage struct {
		RecordingStorageKind             string `json:"recordingStorageKind"`
		RecordingDestinationContainerURL string `json:"recordingDestinationContainerUrl"`
	}
)

func (f *recordingFormat) known() bool {
	return slices.Contains([]string{"audio", "audioVideo"}, f.content) &&
		slices.Contains([]string{"mixed", "unmixed"}, f.channel) && slices.Contains([]string{"wav", "mp3", "mp4"}, f.format)
}

// valid reports whether e names a storage; nil is the service's own.
func (e *externalStorage) valid() bool {
	if e == nil || e.RecordingStorageKind == recordingKind {
		return true
	}
	u, err := url.Parse(e.RecordingDestinationContainerURL)
	return e.RecordingStorageKind == "azureBlobStorage" && err == nil && u.Host != ""
}

// container returns the URL of the application's own container, or empty.
func (f *recordingFormat) container() string {
	if f.storage == nil || f.storage.RecordingStorageKind != "azureBlobStorage" {
		return ""
	}
	return f.storage.RecordingDestinationContainerURL
}

// assign sets the channels of people, by their order or by number.
func (f *recordingFormat) assign(order []identifier, affinity []channelAffinity) error {
	f.channels = map[string]int{}
	for i, id := range order {
		raw, err := person("audioChannelParticipantOrdering", &id)
		if err != nil {
			return err
		}
		f.channels[raw] = i
	}
	for _, a := range affinity {
		raw, err := person("channelAffinity", a.Participant)
		if err != nil {
			return err
		}
		if a.Channel != nil {
			f.channels[raw] = *a.Channel
		}
	}
	for _, channel := range f.channels {
		if channel < 0 || channel >= maxChannels {
			return refuse(http.StatusBadRequest, codeInvalidArgument, "unmixed audio has channels 0 to 4")
		}
	}
	return nil
}

// mix distributes sounds over channels: all in one, or one for each person. Unmixed
// recordings do not have the application's sound. of has the channels by raw id.
func (f *recordingFormat) mix(all []note) (channels [][]note, of map[string]int) {
	if f.channel == "mixed" {
		return [][]note{all}, nil
	}
	of = map[string]int{}
	taken := map[int]bool{}
	for raw, channel := range f.channels {
		of[raw], taken[channel] = channel, true
	}
	for _, n := range all {
		if _, has := of[n.sound.who]; has || n.sound.who == "" {
			continue
		}
		for channel := range maxChannels {
			if !taken[channel] {
				of[n.sound.who], taken[channel] = channel, true
				break
			}
		}
	}
	channels = make([][]note, 1)
	for channel := range taken {
		for len(channels) <= channel {
			channels = append(channels, nil)
		}
	}
	for _, n := range all {
		if channel, has := of[n.sound.who]; has {
			channels[channel] = append(channels[channel], n)
		}
	}
	return channels, of
}
