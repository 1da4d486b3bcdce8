module example.com/exact

go 1.25.0
