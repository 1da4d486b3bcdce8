package main

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// This file has, in short, what protoc would generate for this service:
//
//	service Stock {
//	  rpc Left(google.protobuf.StringValue) returns (google.protobuf.Int64Value);
//	}

const leftMethod = "/shop.Stock/Left"

// RegisterStock makes server serve s.
func RegisterStock(server grpc.ServiceRegistrar, s *Stock) {
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "shop.Stock",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Left",
			Handler: func(srv any, ctx context.Context, dec func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
				item := new(wrapperspb.StringValue)
				if err := dec(item); err != nil {
					return nil, err
				}
				return intercept(ctx, item, &grpc.UnaryServerInfo{Server: srv, FullMethod: leftMethod},
					func(ctx context.Context, req any) (any, error) {
						return s.Left(ctx, req.(*wrapperspb.StringValue))
					})
			},
		}},
	}, s)
}

// A StockClient asks the stock, for code that has no ctx.
type StockClient struct{ Conn grpc.ClientConnInterface }

// Left returns how many of an item are left.
func (c StockClient) Left(item string) (int64, error) {
	left := new(wrapperspb.Int64Value)
	err := c.Conn.Invoke(context.Background(), leftMethod, wrapperspb.String(item), left)
	return left.GetValue(), err
}
