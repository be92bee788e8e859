package provider

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/signal"
	"reflect"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	dataschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"golang.org/x/sync/singleflight"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
)

// readable is something of the feed that Terraform can read. It is a data source and
// an ephemeral resource alike: both have these attributes, rules and values, and
// differ only in where Terraform keeps the result.
type readable struct {
	name        string // without the provider's prefix
	description string
	// attributes are those of the data source, which fit the ephemeral resource too.
	attributes map[string]dataschema.Attribute
	// newModel returns a pointer to an empty configuration.
	newModel func() model
}

// model is the configuration of a readable.
type model interface {
	// common are the arguments that every readable has.
	common() *filters
	// validate checks what the validators of single arguments cannot. Values may be unknown.
	validate(now time.Time) diag.Diagnostics
	// collect completes the request with the model's own arguments, and returns what takes
	// the activities that are read.
	collect(*feed.Request, readContext) collector
}

// collector makes the result of a read out of its activities.
type collector interface {
	feed.Sink
	// attributes are what all that was added comes to. Their error, as that of Add, is a [refusal].
	attributes(feed.Result) (attributes, error)
}

// refusal is why a read that succeeded has no result.
type refusal struct{ diag.Diagnostic }

func (r refusal) Error() string { return r.Summary() }

func (r *readable) typeName() string { return TypeName + "_" + r.name }

// model is the configuration, of which the results are no part: they are null in it.
func (r *readable) model(ctx context.Context, config tfsdk.Config) (model, diag.Diagnostics) {
	object, err := config.Schema.Type().ValueFromTerraform(ctx, config.Raw)
	if err != nil {
		return nil, diag.Diagnostics{diag.NewErrorDiagnostic("The configuration could not be read", "This is a bug of the provider: "+err.Error()+".")}
	}
	// config.Get would convert all values twice more, and want fields for the results.
	m, values := r.newModel(), object.(types.Object).Attributes()
	fields := reflect.ValueOf(m).Elem()
	for _, field := range reflect.VisibleFields(fields.Type()) {
		if name, ok := field.Tag.Lookup("tfsdk"); ok {
			fields.FieldByIndex(field.Index).Set(reflect.ValueOf(values[name]))
		}
	}
	return m, nil
}

// validate checks what the attributes' own validators cannot. Values may be unknown.
func (r *readable) validate(ctx context.Context, config tfsdk.Config) diag.Diagnostics {
	model, diags := r.model(ctx, config)
	if diags.HasError() {
		return diags
	}
	return append(diags, model.validate(time.Now())...)
}

// signalDelay is how much later than the engine the provider may hear of a signal to both.
const signalDelay = 10 * time.Second

// hand reads, and hands what was read to the server; see [NewServer]. The framework gets the
// configuration as it is.
func (r *readable) hand(ctx context.Context, s *service, config tfsdk.Config) (diags diag.Diagnostics) {
	if s == nil {
		diags.AddError("The provider is not configured", "It was asked to read before it was configured.")
		return diags
	}
	if s.diags.HasError() {
		return s.diags
	}
	text, err := tfprotov6.NewDynamicValue(config.Schema.Type().TerraformType(ctx), config.Raw)
	if err != nil {
		diags.AddError("The configuration could not be read", "This is a bug of the provider: "+err.Error()+".")
		return diags
	}
	// Engines pass a signal on while they plan, but not in the refresh of an apply. A
	// terminal or a CI system also signals the provider, so it listens itself.
	reading, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer func() {
		if reading.Err() != nil {
			// The engine may have been faster than the signal, which would end the process
			// before it has answered.
			time.AfterFunc(signalDelay, stop)
			return
		}
		stop()
	}()
	read, diags := s.shared(reading, r.name+" "+string(text.MsgPack), func() (attributes, diag.Diagnostics) { return r.read(reading, s, config) })
	if !diags.HasError() && !read.send(ctx) {
		diags.AddError("The result could not be handed to Terraform", "This is a bug of the provider: it was not started with its own server.")
	}
	return diags
}

func (r *readable) read(ctx context.Context, s *service, config tfsdk.Config) (attributes, diag.Diagnostics) {
	model, diags := r.model(ctx, config)
	if diags.HasError() {
		return nil, diags
	}
	arguments := model.common()
	request, window, reviewedIDs, requestDiags := arguments.request(s.now())
	if diags.Append(requestDiags...); diags.HasError() {
		return nil, diags
	}
	request.KeyOrganizationID = s.keyOrganizationID
	about := readContext{service: s, what: r.typeName(), window: window, timeout: arguments.timeout()}
	collector := model.collect(&request, about)
	about.request = request
	ctx, cancel := context.WithTimeout(ctx, about.timeout)
	defer cancel()
	var result feed.Result
	var err error
	for {
		result, err = feed.Read(ctx, s.client, about.request, collector)
		if err == nil || arguments.Topics.IsNull() {
			break
		}
		// A name that a topic brought, and that the server does not know any more, must not close
		// every gate until the next release.
		refused := about.refusedNames(err, stringsOf(arguments.ActivityTypes))
		if len(refused) == 0 {
			break
		}
		about.request = withoutTypes(about.request, refused)
		diags.Append(noLongerKnown(refused))
		if request.ActivityTypes != nil && len(about.request.ActivityTypes) == 0 {
			return nil, append(diags, noTypeLeft())
		}
	}
	var read attributes
	if err == nil {
		read, err = collector.attributes(result)
	}
	if refused, ok := errors.AsType[refusal](err); ok {
		return nil, append(diags, refused.Diagnostic)
	}
	if err != nil {
		return nil, append(diags, about.readError(err))
	}
	if result.OldReset > 0 {
		diags.Append(about.oldReset(result.OldReset))
	}
	maps.Copy(read, attributes{
		"window":              windowValue(window),
		"excepted":            result.Excepted,
		"reviewed_ids":        reviewedIDs(),
		"request_id":          optional(result.RequestID),
		"key_organization_id": optional(result.KeyOrganizationID),
	})
	return read, diags
}

// service is what the provider hands to everything that reads.
type service struct {
	client            *compliance.Client
	keyOrigin         string // for people
	keyOrganizationID string // that the key has to belong to; "" for any
	baseURLVariable   string // that the base URL comes from; "" for the argument or the default
	now               func() time.Time
	maxResultBytes    int              // see the constant
	diags             diag.Diagnostics // why there is no client
	underWay          singleflight.Group
}

// joinable is for how long others may join a read that is under way. They get what the
// feed held when it began, so what has happened since is missing. The feed itself takes
// up to a minute to show an activity, so a read of their own, a few seconds later, could not
// rely on more.
const joinable = 10 * time.Second

// shared makes equal reads that begin together one: a module that is called ten times
// reads the feed once. The key tells reads apart. The read runs in the context of the
// first, and the others wait for its end; where that was its cancellation, and not their
// own, one of them reads anew.
func (s *service) shared(ctx context.Context, key string, read func() (attributes, diag.Diagnostics)) (attributes, diag.Diagnostics) {
	type result struct {
		read      attributes
		diags     diag.Diagnostics
		cancelled bool
	}
	var own atomic.Bool
	for {
		arrived := s.underWay.DoChan(key, func() (any, error) {
			own.Store(true)
			defer time.AfterFunc(joinable, func() { s.underWay.Forget(key) }).Stop()
			attributes, diags := read()
			return result{attributes, diags, ctx.Err() != nil}, nil
		})
		select {
		case <-ctx.Done():
			if !own.Load() { // another's read goes on; one of its own is about to end, and says how far it came
				return nil, diag.Diagnostics{diag.NewErrorDiagnostic("The read was cancelled", "It was cancelled while it waited for an equal read. Run it again.")}
			}
			r := (<-arrived).Val.(result)
			return r.read, slices.Clone(r.diags)
		case shared := <-arrived:
			if r := shared.Val.(result); !r.cancelled || ctx.Err() != nil {
				return r.read, slices.Clone(r.diags)
			}
		}
	}
}
